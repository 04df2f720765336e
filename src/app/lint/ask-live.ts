import type { Settings } from '../../config/settings.ts';
import { EMBEDDED_MONGODB } from '../../config/url.ts';
import { isApplied } from '../../core/state.ts';
import { toGodwitError } from '../../errors.ts';
import { own } from '../../lint/lint.ts';
import { Sizes } from '../../lint/sizes.ts';
import type { Finding } from '../../ports/finding.ts';
import type { Project } from '../project.ts';
import { readState, statusesOf } from '../read-state.ts';

/** What the connected database adds. */
export interface Live {
  readonly sizes?: Sizes | undefined;
  /** Ids of what is applied there. */
  readonly applied: ReadonlySet<string>;
  /** Why it could not be asked. */
  readonly problem?: Finding | undefined;
}

const NOTHING: Live = { applied: new Set() };

/** Reads history and sizes where a database is configured and answers. Never throws. */
export async function askLive(project: Project, offline: boolean): Promise<Live> {
  const settings = await project.settings();
  if (offline || !isConfigured(settings)) return NOTHING;
  try {
    const driver = await project.driver();
    const sizes = await driver.activity?.();
    const state = await readState(project);
    const applied = statusesOf(state).flatMap((one) => (isApplied(one) ? [one.id] : []));
    return { sizes: sizes && new Sizes(sizes), applied: new Set(applied) };
  } catch (thrown) {
    const { message } = toGodwitError(thrown);
    const problem = own('GODWIT_LINT_NO_DATABASE', {
      message: `The database could not be asked how large its tables are: ${message}`,
      fix: 'godwit doctor, or leave it out: --offline',
    });
    return { ...NOTHING, problem };
  }
}

/** A database that godwit brings along by default says nothing about anybody's tables. */
function isConfigured(settings: Settings): boolean {
  if (settings.client !== undefined) return true;
  if (settings.urlFrom === 'embedded') return false;
  try {
    return settings.url !== '' && settings.url !== EMBEDDED_MONGODB;
  } catch {
    return false;
  }
}
