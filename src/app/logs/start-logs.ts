import { randomUUID } from 'node:crypto';
import type { Settings } from '../../config/settings.ts';
import type { Emit } from '../../events.ts';
import type { MigratorOptions } from '../options.ts';
import { type Logs, openLogs } from './open-logs.ts';
import { secretsOf } from './redact.ts';

/**
 * Opens the logs that the settings ask for. `GODWIT_RUN_ID` joins what several processes
 * of one undertaking write; without it each migrator has an id of its own.
 */
export function startLogs(settings: Settings, options: MigratorOptions, emit: Emit): Logs {
  const { logs } = settings;
  if (logs === undefined) return { listen: () => undefined, close: () => undefined };
  const env = options.processEnv ?? process.env;
  return openLogs({
    ...logs,
    runId: env['GODWIT_RUN_ID'] || randomUUID(),
    command: options.command,
    secrets: [...secretsOf(env), ...passwordsOf(settings)],
    warn: (message) => emit({ type: 'warning', code: 'GODWIT_LOG_UNWRITABLE', message }),
  });
}

/** Of the databases that the settings name. */
export function passwordsOf(settings: Settings): string[] {
  const passwords: string[] = [];
  for (const read of [() => settings.url, () => settings.redis]) {
    try {
      const { password } = new URL(read() ?? '');
      if (password !== '') passwords.push(password);
    } catch {
      // No URL, or one of several hosts: those are hidden by their form.
    }
  }
  return passwords;
}
