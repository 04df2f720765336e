import type { LoadedStep } from '../../core/load-steps.ts';
import type { RunEnvironment } from '../../core/run-environment.ts';
import type { Work } from '../with-session.ts';

/** What takes secrets out of texts; loaded only where there is code, which may tell any. */
export async function maskFor(
  { project, settings }: Work,
  plans: readonly (readonly LoadedStep[])[],
): Promise<RunEnvironment['mask']> {
  const hasCode = plans.some((plan) => plan.some(({ body }) => body.type === 'code'));
  if (!hasCode) return undefined;
  const [{ createMask, secretsOf }, { passwordsOf }] = await Promise.all([
    import('../logs/redact.ts'),
    import('../logs/start-logs.ts'),
  ]);
  const env = project.options.processEnv ?? process.env;
  return createMask([
    ...secretsOf(env),
    ...secretsOf(settings.variables),
    ...passwordsOf(settings),
  ]);
}
