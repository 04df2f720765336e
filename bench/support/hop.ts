import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROXY = fileURLToPath(new URL('hop.mjs', import.meta.url));

export interface Hop {
  readonly port: number;
  /** For the report. */
  readonly text: string;
  stop(): void;
}

/**
 * The same server, as far away as one on another machine: every answer comes later. A local
 * server answers at once, which makes one statement for each row cheap.
 *
 * @param port of the server on this machine
 * @param delayMs whole milliseconds
 */
export async function startHop(port: number, delayMs: number): Promise<Hop> {
  const proxy = fork(PROXY, ['127.0.0.1', String(port), String(delayMs)]);
  const [listening] = (await once(proxy, 'message')) as [number];
  const text = `answers ${delayMs} ms later, as from another machine`;
  return { port: listening, text, stop: () => proxy.disconnect() };
}
