import { anonymise, literalsOf } from '../../core/roundtrip/anonymise.ts';
import { isApplied } from '../../core/state.ts';
import { GodwitError } from '../../errors.ts';
import type { Migration } from '../../ports/migration.ts';
import type { Project } from '../project.ts';
import { readState, statusesOf } from '../read-state.ts';
import { record } from '../schema/plan.ts';
import { takeSnapshot } from '../schema/take-snapshot.ts';
import type { Bench } from './bench.ts';
import { sourceTexts } from './source-texts.ts';
import type { SampleReport } from './types.ts';

export interface SampledProject {
  /** Ids of what the project's database has. */
  readonly applied: readonly string[];
  /** Makes a database as the project's is, with the sample in it. */
  prepare(bench: Bench): Promise<void>;
  /** Of the last that was prepared. */
  report(): SampleReport;
}

/**
 * Reads schema, history and some rows of the project's own database, and anonymises them
 * at once: what they were is neither kept nor written anywhere.
 *
 * @param limit rows of each table
 */
export async function sampleProject(
  project: Project,
  migrations: readonly Migration[],
  limit: number,
  seed: string,
): Promise<SampledProject> {
  const driver = await project.driver();
  const rows = await driver.rows?.();
  if (rows === undefined) {
    throw new GodwitError('GODWIT_UNSUPPORTED', `There are no samples of ${driver.name}.`);
  }
  const schema = await takeSnapshot(driver, { grants: false });
  const state = await readState(project);
  const statuses = statusesOf(state).filter(isApplied);
  const definitions = schema.objects.map(({ definition }) => definition);
  const keep = literalsOf([...definitions, ...(await sourceTexts(project, migrations))]);
  const samples = anonymise(await rows.sample(limit), { seed, keep });
  let refused = 0;
  return {
    applied: statuses.map(({ id }) => id),
    async prepare(bench) {
      const { database } = bench;
      await database.load(schema);
      const records = state.records.filter((one) => one.state === 'applied');
      await record(bench.project, database.driver, records);
      refused = (await (await database.driver.rows?.())?.load(samples)) ?? 0;
      for (const { id } of statuses) bench.applied.add(id);
    },
    report: () => ({
      tables: samples.filter((sample) => sample.rows.length > 0).length,
      rows: samples.reduce((sum, sample) => sum + sample.rows.length, 0),
      refused,
    }),
  };
}
