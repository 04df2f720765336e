import { randomUUID } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import { resetBegun, resetRefused } from '../../core/reset-record.ts';
import { GodwitError, toGodwitError } from '../../errors.ts';
import type { Driver, Target } from '../../ports/driver.ts';
import type { Actor } from '../../ports/history.ts';
import type { Dropped, ResetScope, Session } from '../../ports/session.ts';
import type { ResetOptions } from '../options.ts';
import type { Project } from '../project.ts';
import type { ResetReport } from '../reports.ts';
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
  const command = project.options.command ?? 'reset';
  return withLock(project, command, options, async ({ session, by }) => {
    const dropped = await dropAll(driver, session, scope, by);
    return { database, dropped, dryRun: false };
  });
}

/** Where it is not all or nothing, the history says that it began before anything goes. */
async function dropAll(driver: Driver, session: Session, scope: ResetScope, by: Actor) {
  if (session.reset === undefined) throw unsupported(driver);
  if (driver.capabilities.transactionalDdl) return session.reset(scope);
  const before = await listDropped(driver, scope);
  const begun = resetBegun({ run: randomUUID(), by, fence: session.fence });
  await session.append([begun], []);
  try {
    return await session.reset(scope);
  } catch (thrown) {
    const { length } = await listDropped(driver, scope).catch(() => []);
    const error = toGodwitError(thrown).toJSON();
    // Where the first thing could not be dropped, the history is true as it stands.
    if (length >= before.length) {
      await session.append([resetRefused(begun, error)], []).catch(() => {});
    }
    throw thrown;
  }
}

async function listDropped(driver: Driver, scope: ResetScope): Promise<readonly Dropped[]> {
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
