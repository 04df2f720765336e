import type { PublicIdsOptions } from '../../app/public-ids/types.ts';
import type { Migrator } from '../../app/types.ts';
import { GodwitError } from '../../errors.ts';
import { guardProduction } from '../confirm.ts';
import type { Context } from '../context.ts';
import { EXIT, exitOfCode } from '../exit.ts';
import { renderError } from '../render/error.ts';
import { renderPublicIds } from '../render/public-ids.ts';

interface Given extends PublicIdsOptions {
  readonly nullable?: boolean;
  readonly again?: boolean;
  readonly redis?: string;
  readonly queue?: string;
}

/** `godwit backfill public-ids`. */
export async function runPublicIds(
  context: Context,
  migrator: Migrator,
  name: string | undefined,
  options: Readonly<Record<string, unknown>>,
  dryRunByVariable: boolean,
): Promise<number> {
  const given = options as Given;
  const { legacy, nullable, constraints, chunk, concurrency, windows, control } = given;
  const tables = [name, ...(given.tables ?? [])]
    .flatMap((text) => text?.split(',') ?? [])
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (given.again || given.redis !== undefined || given.queue !== undefined) throw notForIds();
  const dryRun = given.dryRun === true || dryRunByVariable;
  if (!dryRun) {
    const what = 'give public ids to rows, and make them unique and NOT NULL';
    await guardProduction(context, migrator, what, 'godwit backfill public-ids');
  }
  const report = await migrator.backfill.publicIds({
    ...{ legacy, constraints, chunk, concurrency, windows, control, dryRun },
    tables: tables.length > 0 ? tables : undefined,
    required: nullable !== true,
    signal: given.signal,
    abort: given.abort,
  });
  const { view } = context;
  const { error } = report;
  view.result(
    report,
    () => {
      const table = renderPublicIds(report, view.style, view.width);
      if (!error) return table;
      return `${table}\n${renderError(new GodwitError(error.code, error.message, error), context.errors())}`;
    },
    error !== undefined,
  );
  return error === undefined ? EXIT.done : exitOfCode(error.code);
}

function notForIds(): GodwitError {
  return new GodwitError(
    'GODWIT_USAGE',
    'public-ids does what is missing, whatever was done before, and on this machine alone: --again, --redis and --queue are not for it.',
    { state: 'Nothing was changed.', next: ['godwit backfill public-ids'] },
  );
}
