import { type Command, type Measurement, measure } from './measured-spawn.ts';

/** One of those that are measured side by side. */
export interface Contestant {
  readonly name: string;
  /** The command of the next run; what it needs first (a fresh database) is not measured. */
  next(): Command | Promise<Command>;
}

export interface Series {
  readonly name: string;
  readonly runs: readonly Measurement[];
}

export interface InterleaveOptions {
  readonly rounds: number;
  /** Rounds whose times are thrown away. Default 1. */
  readonly warmUps?: number | undefined;
  readonly progress?: ((text: string) => void) | undefined;
}

/**
 * Runs A B C, A B C, … so that whatever else the machine does meets all of them alike.
 *
 * @returns the measurements, in the order of the contestants
 */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, warmUps = 1, progress }: InterleaveOptions,
): Promise<Series[]> {
  const runs = new Map<string, Measurement[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    progress?.(round < 0 ? 'warm-up' : `round ${round + 1} of ${rounds}`);
    for (const contestant of contestants) {
      const measurement = await measure(await contestant.next());
      if (round >= 0) runs.get(contestant.name)?.push(measurement);
    }
  }
  return contestants.map(({ name }) => ({ name, runs: runs.get(name) ?? [] }));
}
