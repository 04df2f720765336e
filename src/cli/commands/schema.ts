import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { SchemaDiffReport } from '../../app/schema/types.ts';
import type { Migrator } from '../../app/types.ts';
import { toGodwitError } from '../../errors.ts';
import type { SnapshotOptions } from '../../ports/snapshot.ts';
import type { CommandRun } from '../command-spec.ts';
import { type Context, oneDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { jsonDocument } from '../render/json.ts';
import { renderSchemaDiff } from '../render/schema.ts';

interface Options {
  readonly file?: string;
  readonly from?: string;
  readonly to?: string;
  readonly plan?: boolean;
  readonly check?: boolean;
  readonly schema?: string[];
  readonly exclude?: string[];
  readonly owners?: boolean;
  readonly grants?: boolean;
  readonly scratch?: string;
  readonly code?: boolean;
}

export const run: CommandRun = async (context, { args, options }) => {
  const migrator = await oneDatabase(context, 'schema');
  const given = options as Options;
  if (args[0] === 'dump') return dump(context, migrator, given);
  const report = await diff(context, migrator, given);
  context.view.result(report, () => renderSchemaDiff(report, context.view.style));
  const { added, removed, changed } = report.summary;
  return given.check && added + removed + changed > 0 ? EXIT.pending : EXIT.done;
};

function snapshotOptions({ schema, exclude, owners, grants }: Options): SnapshotOptions {
  return { include: schema, exclude, owners, grants };
}

async function dump(context: Context, migrator: Migrator, options: Options): Promise<number> {
  const { snapshot, script } = await migrator.schema.dump(snapshotOptions(options));
  const { view, io } = context;
  for (const warning of snapshot.warnings) {
    view.complain(`  ${view.style.yellow(view.style.signs.warning)} ${warning}\n`);
  }
  if (options.file !== undefined) {
    const text = /\.json$/i.test(options.file) ? jsonDocument(snapshot) : script;
    await writeFile(resolve(context.cwd, options.file), text).catch((thrown: unknown) => {
      throw toGodwitError(thrown, 'GODWIT_FILE_UNREADABLE');
    });
    const objects = snapshot.objects.length;
    view.result(
      { file: options.file, objects, warnings: snapshot.warnings },
      () => `  ${view.style.green(view.style.signs.done)} ${options.file}: ${objects} objects\n`,
    );
  } else if (view.mode === 'text') io.stdout.write(script);
  else view.result(snapshot, () => '');
  return EXIT.done;
}

function diff(context: Context, migrator: Migrator, options: Options): Promise<SchemaDiffReport> {
  const { from, to, scratch, code } = options;
  const asked = { ...snapshotOptions(options), scratch };
  if (!options.plan) return migrator.schema.diff({ ...asked, from, to });
  const { signal, abort } = context.stops();
  return migrator.schema.diffPlan({ ...asked, code, signal, abort });
}
