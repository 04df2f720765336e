import { dirname } from 'node:path';
import { GodwitError } from '../../errors.ts';
import {
  type BackfillFile,
  listBackfillFiles,
  loadBackfillFile,
} from '../../formats/backfill-source.ts';
import type { BackfillSpec } from '../../ports/backfill-spec.ts';
import type { Project } from '../project.ts';

/** A backfill of the folder, or one that was given in code. */
export interface FoundBackfill {
  readonly name: string;
  readonly ledger: string;
  readonly spec: BackfillSpec;
  readonly file: string | undefined;
  /** What a transform's relative path is relative to. */
  readonly folder: string;
}

/**
 * @throws GodwitError GODWIT_BACKFILL_UNKNOWN, and what importing its file throws
 */
export async function findBackfill(
  project: Project,
  backfill: string | BackfillSpec,
): Promise<FoundBackfill> {
  const { root, backfillDir } = await project.settings();
  if (typeof backfill !== 'string') return inCode(backfill, root);
  const wanted = backfill.replace(/^backfill:/, '');
  const registered = project.options.backfills?.find(({ name }) => name === wanted);
  if (registered) return inCode(registered, root);
  const files = listBackfillFiles(root, backfillDir);
  const named = files.find(({ name }) => name === wanted);
  if (named) return inFile(named, await loadBackfillFile(named));
  // A definition may have another name than its file.
  for (const file of files) {
    const spec = await loadBackfillFile(file).catch(() => undefined);
    if (spec?.name === wanted) return inFile(file, spec);
  }
  throw unknownBackfill(backfill, await namesOf(project));
}

function inCode(spec: BackfillSpec, folder: string): FoundBackfill {
  const name = spec?.name ?? spec?.collection ?? spec?.table ?? '';
  return { name, ledger: `backfill:${name}`, spec, file: undefined, folder };
}

function inFile({ path, file, name: stem }: BackfillFile, spec: BackfillSpec): FoundBackfill {
  const name = spec.name ?? stem;
  return { name, ledger: `backfill:${name}`, spec, file, folder: dirname(path) };
}

/** Files and registered ones that can be run. One that cannot be imported is listed by its file. */
export async function listDefined(
  project: Project,
): Promise<{ readonly name: string; readonly file: string | null; readonly target: string }[]> {
  const { root, backfillDir } = await project.settings();
  const inFolder = listBackfillFiles(root, backfillDir).map(async (file) => {
    const spec = await loadBackfillFile(file).catch(() => undefined);
    const target = spec?.collection ?? spec?.table ?? '';
    return { name: spec?.name ?? file.name, file: file.file, target };
  });
  const registered = (project.options.backfills ?? []).map((spec) => {
    const { name, spec: found } = inCode(spec, root);
    return { name, file: null, target: found.collection ?? found.table ?? '' };
  });
  return [...(await Promise.all(inFolder)), ...registered];
}

async function namesOf(project: Project): Promise<string[]> {
  return (await listDefined(project)).map(({ name }) => name);
}

export function unknownBackfill(asked: string, names: readonly string[]): GodwitError {
  const known = names.length > 0 ? `There are: ${names.join(', ')}.` : 'There is none yet.';
  return new GodwitError('GODWIT_BACKFILL_UNKNOWN', `There is no backfill ${asked}. ${known}`, {
    state: 'Nothing was changed.',
    next: [
      'godwit backfill list',
      'or write one: backfills/NAME.ts with export default defineBackfill({ … })',
    ],
  });
}
