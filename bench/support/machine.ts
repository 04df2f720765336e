import { availableParallelism, loadavg } from 'node:os';

/** The class of machine, as far as a reader of results needs it. */
export function describeMachine(): string {
  const load = loadavg()[0] ?? 0;
  const others = load > 0.5 ? `shared, load ${load.toFixed(1)} before the start` : 'idle before';
  return `${availableParallelism()} cores (${others}), ${process.platform} ${process.arch}, Node ${process.version}`;
}
