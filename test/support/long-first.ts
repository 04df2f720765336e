import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Files that take longest, by the seconds they were seen to take. One that began last would
 * run alone at the end, and what Vitest goes by on a fresh clone, a file's size, says little.
 */
const LONG = [
  'contract/backfill.test.ts',
  'contract/backfill-undo.test.ts',
  'contract/conformance.test.ts',
  'contract/mongodb/backfill-servers.test.ts',
  'e2e/moeen/postgres.test.ts',
  'e2e/spark-therapy/commands.test.ts',
  'e2e/distribution/workers.test.ts',
  'contract/mongodb/backfill-kill.test.ts',
  'contract/mongodb/processes.test.ts',
  'e2e/backfill/commands.test.ts',
  'contract/mongodb/backfill.test.ts',
  'e2e/distribution/outages.test.ts',
  'e2e/reliability/lock-holders.test.ts',
  'contract/postgres/backup-faults.test.ts',
  'e2e/docs/demo.test.ts',
  'contract/pglite/folder.test.ts',
  'contract/public-ids/postgres.test.ts',
  'e2e/neuronav/commands.test.ts',
  'contract/mongoose/helpers-at-work.test.ts',
  'e2e/moeen/embedded.test.ts',
  'e2e/remotelyx/commands.test.ts',
  'cli/embedded.test.ts',
  'contract/mongodb/doubt.test.ts',
  'e2e/distribution/endings.test.ts',
  'e2e/docs/library.test.ts',
  'contract/postgres/long-files.test.ts',
  'contract/postgres/kill.test.ts',
  'e2e/reliability/cut-connections.test.ts',
  'e2e/data-migration-system/example.test.ts',
  'e2e/data-migration-system/guide.test.ts',
  'e2e/sync/commands.test.ts',
  'contract/mongodb/sync/from-models.test.ts',
  'e2e/distribution/example.test.ts',
  'contract/mongodb/cut.test.ts',
  'contract/mongoose/helpers.test.ts',
  'e2e/seeds/reset-kill.test.ts',
  'contract/migrator.test.ts',
  'e2e/reliability/bad-servers.test.ts',
  'contract/mongodb/connect.test.ts',
  'contract/postgres/series.test.ts',
  'e2e/distribution/queue-control.test.ts',
  'e2e/docs/readme.test.ts',
];

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rest = await super.sort(files);
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return at < 0 ? LONG.length : at;
    };
    return [...rest].sort((a, b) => place(a) - place(b));
  }
}
