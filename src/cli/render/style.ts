import pc from 'picocolors';
import type { Io, Output } from '../io.ts';

export type Paint = (text: string) => string;

/** Colours and signs; plain text when colour is off. */
export interface Style {
  readonly color: boolean;
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
  readonly signs: Signs;
}

export interface Signs {
  readonly done: string;
  readonly failed: string;
  readonly pending: string;
  readonly warning: string;
  readonly arrow: string;
}

const UNICODE: Signs = { done: '✓', failed: '✗', pending: '·', warning: '!', arrow: '→' };
const ASCII: Signs = { done: '+', failed: 'x', pending: '.', warning: '!', arrow: '->' };

export function makeStyle(color: boolean, unicode = true): Style {
  const { bold, dim, red, green, yellow, cyan } = pc.createColors(color);
  return { color, bold, dim, red, green, yellow, cyan, signs: unicode ? UNICODE : ASCII };
}

/** FORCE_COLOR and NO_COLOR are obeyed; else colour is for terminals outside CI. */
export function wantsColor(output: Output, env: Io['env'], flag: boolean | undefined): boolean {
  if (flag === false) return false;
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '') return env.FORCE_COLOR !== '0';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return isPerson(output, env);
}

/** A terminal that somebody looks at. */
export function isPerson(output: Output, env: Io['env']): boolean {
  const ci = env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0';
  return output.isTTY === true && !ci && env.TERM !== 'dumb';
}

/** The consoles that show boxes instead of signs. */
export function hasUnicode(env: Io['env']): boolean {
  if (process.platform === 'win32')
    return env.WT_SESSION !== undefined || env.TERM_PROGRAM !== undefined;
  return env.TERM !== 'linux';
}
