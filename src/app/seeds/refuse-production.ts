import { GodwitError } from '../../errors.ts';
import type { Project } from '../project.ts';

/**
 * Sample data and emptied databases are for development. Nothing talks this out of it:
 * neither a flag nor `--yes`.
 *
 * @throws GodwitError GODWIT_PRODUCTION
 */
export async function refuseProduction(project: Project, command: string): Promise<void> {
  const { protectedBy } = await project.settings();
  if (protectedBy === undefined) return;
  throw new GodwitError(
    'GODWIT_PRODUCTION',
    `This is production, says ${protectedBy}: godwit ${command} is not for it.`,
    {
      state: 'No database was contacted.',
      next: ['migrations alone: godwit up'],
    },
  );
}
