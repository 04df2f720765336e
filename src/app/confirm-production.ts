import { GodwitError } from '../errors.ts';
import type { Project } from './project.ts';

/**
 * What is hard to undo needs a person's yes in production: typed at the terminal, given by
 * `--yes`, or by a program that says `confirmed: true`.
 *
 * @param what such as `fold migrations into one`
 * @throws GodwitError GODWIT_CONFIRMATION_NEEDED
 */
export async function confirmProduction(
  project: Project,
  confirmed: boolean | undefined,
  { what, command }: { readonly what: string; readonly command: string },
): Promise<void> {
  const { production } = await project.settings();
  if (!production || confirmed === true) return;
  const { database, host } = (await project.driver()).target;
  throw new GodwitError(
    'GODWIT_CONFIRMATION_NEEDED',
    `This is production: ${what} in ${database} at ${host} must be confirmed.`,
    {
      state: 'Nothing was changed.',
      next: [`if it is meant: godwit ${command} --yes`, 'or in a program: { confirmed: true }'],
    },
  );
}
