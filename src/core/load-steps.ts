import { GodwitError } from '../errors.ts';
import type { Capabilities } from '../ports/driver.ts';
import type { MigrationBody } from '../ports/migration.ts';
import type { PlanStep } from './plan.ts';

/** A step with its code or SQL at hand. */
export interface LoadedStep {
  readonly step: PlanStep;
  readonly body: MigrationBody;
}

/**
 * Imports every body before anything runs, so that a syntax error in the last file stops
 * the plan while nothing has happened.
 *
 * @throws GodwitError GODWIT_IMPORT_FAILED, GODWIT_FILE_INVALID, GODWIT_IRREVERSIBLE,
 *   GODWIT_UNSUPPORTED for SQL on a database without
 */
export async function loadSteps(
  steps: readonly PlanStep[],
  capabilities: Pick<Capabilities, 'sql'>,
): Promise<LoadedStep[]> {
  const loaded: LoadedStep[] = [];
  for (const step of steps) {
    const body = await step.migration.load();
    if (!capabilities.sql) refuseSql(step, body);
    if (step.direction === 'down' && body.down === undefined) {
      throw new GodwitError('GODWIT_IRREVERSIBLE', `${step.id} has no way back.`, {
        where: { file: step.migration.file },
        state: 'Nothing was run.',
        next: [
          `write its down, then: godwit down`,
          `or undo it by hand and say so: godwit mark ${step.id} pending`,
        ],
      });
    }
    loaded.push({ step, body });
  }
  return loaded;
}

function refuseSql(step: PlanStep, body: MigrationBody): void {
  const file = body.type === 'sql' ? step.migration.file : body.verifyFile;
  if (body.type === 'code' && file === undefined) return;
  throw new GodwitError(
    'GODWIT_UNSUPPORTED',
    `${file ?? step.id} is SQL; this database has none.`,
    {
      where: { file },
      state: 'Nothing was run.',
      next: ['look at which database is meant: godwit doctor'],
    },
  );
}
