import type { Settings } from '../../config/types.ts';
import { GodwitError } from '../../errors.ts';
import type { Driver, Target } from '../../ports/driver.ts';
import type { Project } from '../project.ts';
import type { ResetOptions, ResetReport } from '../types.ts';
import { withLock } from '../with-session.ts';
import { refuseProduction } from './refuse-production.ts';

/**
 * Drops everything in the database under the lock, godwit's own records included.
 *
 * @throws GodwitError GODWIT_PRODUCTION, GODWIT_RESET_REFUSED, GODWIT_UNSUPPORTED
 */
export async function reset(project: Project, options: ResetOptions): Promise<ResetReport> {
  await refuseProduction(project, 'reset');
  const settings = await project.settings();
  const driver = await project.driver();
  const { target } = driver;
  const database = { driver: driver.name, name: target.database, host: target.host };
  const scope = { schemas: settings.resetSchemas };
  if (options.dryRun) {
    const dropped = await listDropped(driver, scope);
    return { database, dropped, dryRun: true };
  }
  insistOnName(target, settings, options);
  return withLock(project, project.options.command ?? 'reset', options, async ({ session }) => {
    if (session.reset === undefined) throw unsupported(driver);
    return { database, dropped: await session.reset(scope), dryRun: false };
  });
}

async function listDropped(driver: Driver, scope: { readonly schemas: readonly string[] }) {
  if (driver.resettable === undefined) throw unsupported(driver);
  return driver.resettable(scope);
}

/** A URL is easily the wrong one; a name that was typed or written down is meant. */
function insistOnName(target: Target, settings: Settings, { databaseName }: ResetOptions): void {
  const told = databaseName === undefined ? settings.resettable : [databaseName];
  if (told.includes(target.database)) return;
  const where = `${target.database} at ${target.host}`;
  throw new GodwitError(
    'GODWIT_RESET_REFUSED',
    told.length === 0
      ? `Nobody said that ${where} may be emptied.`
      : `${where} is not ${told.join(' or ')}, which may be emptied.`,
    {
      state: 'Nothing was dropped.',
      next: [
        'see what it holds: godwit reset --dry-run',
        `if it is meant: godwit reset --database-name ${target.database}`,
        `or in the config: resettable: ['${target.database}']`,
      ],
    },
  );
}

function unsupported(driver: Driver): GodwitError {
  return new GodwitError('GODWIT_UNSUPPORTED', `${driver.name} databases cannot be emptied.`, {
    state: 'Nothing was dropped.',
  });
}
