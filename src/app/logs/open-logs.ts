import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { LogSettings } from '../../config/settings.ts';
import { thrownMessage } from '../../errors.ts';
import type { Emit, GodwitEvent } from '../../events.ts';
import { describeEvent } from './describe-event.ts';
import { createRedact } from './redact.ts';
import { RotatingFile } from './rotating-file.ts';

const NAMES = ['migration', 'backfill', 'validation'] as const;
type LogName = (typeof NAMES)[number];

/** Progress is told many times a second; a log is read by people. */
const PROGRESS_EVERY_MS = 5_000;

export interface LogsOptions extends LogSettings {
  /** On every line of all three files, and of other processes of the same undertaking. */
  readonly runId: string;
  readonly command: string | undefined;
  /** Values that must not be written, wherever they stand. */
  readonly secrets: readonly string[];
  /** Called once when the logs cannot be written. */
  readonly warn: (message: string) => void;
}

export interface Logs {
  readonly listen: Emit;
  close(): void;
}

/**
 * Log files of what happens: `migration.log`, `backfill.log` and `validation.log`. Nothing
 * is loaded or opened before the first event, and nothing that goes wrong here is thrown.
 */
export function openLogs(options: LogsOptions): Logs {
  const files = new Map<LogName, { file: RotatingFile; logger: Logger }>();
  const redact = createRedact(options.secrets);
  const progress = new Map<string, number>();
  let topic = topicOf(options.command ?? '');
  let told = false;
  const open = (name: LogName) => {
    const path = join(options.dir, `${name}.log`);
    const { maxBytes, keep } = options;
    const onFailure = (cause: unknown): void => {
      if (told) return;
      told = true;
      options.warn(
        `Nothing is written to ${path}: ${thrownMessage(cause)}. The work goes on without its log.`,
      );
    };
    const file = new RotatingFile({ path, maxBytes, keep, onFailure });
    return { file, logger: createLogger(file, options) };
  };
  return {
    listen(event) {
      if (event.type === 'target') topic = topicOf(event.command);
      if (event.type === 'backfill.progress' && isTooSoon(progress, event.ledger)) return;
      if (event.type === 'backup.progress' && isTooSoon(progress, event.id)) return;
      const name = fileOf(event, topic);
      const opened = files.get(name) ?? open(name);
      files.set(name, opened);
      const { level, message } = describeEvent(event);
      const { command } = options;
      const line = { ...(command !== undefined && { command }), ...(redact(event) as object) };
      opened.logger[level](line, String(redact(message)));
    },
    close() {
      for (const { file } of files.values()) file.close();
    },
  };
}

/** pino is CommonJS, and wanted at once: an event must not wait for an import. */
function createLogger(file: RotatingFile, { runId }: LogsOptions): Logger {
  const require = createRequire(import.meta.url);
  const { pino } = require('pino') as typeof import('pino');
  return pino(
    {
      level: 'debug',
      base: { runId, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    file,
  );
}

/** What an event that has no subject of its own is about. */
function topicOf(command: string): LogName {
  if (command.startsWith('backfill') || command === 'worker') return 'backfill';
  return command === 'validate' ? 'validation' : 'migration';
}

function fileOf(event: GodwitEvent, topic: LogName): LogName {
  if (event.type.startsWith('backfill.')) return 'backfill';
  if (event.type.startsWith('validation.')) return 'validation';
  if (event.type.startsWith('run.') || event.type === 'plan.ready') {
    return topic === 'validation' ? 'migration' : topic;
  }
  return topic;
}

function isTooSoon(said: Map<string, number>, about: string): boolean {
  const now = performance.now();
  if (now - (said.get(about) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY_MS) return true;
  said.set(about, now);
  return false;
}
