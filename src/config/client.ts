import type { DriverName } from '../ports/context.ts';

/** Which driver a client that the program already has belongs to, by what it can do. */
export function driverOfClient(client: unknown): DriverName | undefined {
  if (typeof client !== 'object' || client === null) return undefined;
  const can = (name: string) => typeof (client as Record<string, unknown>)[name] === 'function';
  if (can('db') && can('startSession')) return 'mongodb';
  // A mongoose connection, or mongoose itself.
  if ((can('getClient') || can('createConnection')) && can('model')) return 'mongodb';
  if (can('query') && can('exec') && 'waitReady' in client) return 'pglite';
  if (can('query') && can('connect')) return 'postgres';
  return undefined;
}
