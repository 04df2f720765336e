import type { Target } from '../../ports/driver.ts';
import type { LockHolder } from '../../ports/session.ts';
import { showTime } from './measures.ts';
import type { Style } from './style.ts';

/** `postgres  shop  at db:5432 as app`: never a password. */
export function renderTarget(target: Target, style: Style): string {
  const user = target.user ? ` as ${target.user}` : '';
  const where = target.host === target.database ? '' : style.dim(` at ${target.host}${user}`);
  return `${target.driver} ${style.bold(target.database)}${where}`;
}

/** `ann@laptop (pid 4242, godwit up) since 2026-11-21 02:14:05`. */
export function showHolder(holder: LockHolder): string {
  const { by } = holder;
  const alive = holder.alive ? '' : ', which is gone';
  return `${by.user}@${by.host} (pid ${by.pid}, ${holder.command}) since ${showTime(holder.since)}${alive}`;
}
