import { objectName } from '../../core/public-ids/check-sql.ts';
import { patternOf } from '../../core/public-ids/form.ts';
import { type ErrorInfo, GodwitError, toGodwitError } from '../../errors.ts';
import { drawCuid, drawCuid2 } from '../../ids/draw.ts';
import type { PublicIdReader, PublicIdStep } from '../../ports/public-ids.ts';
import type { Project } from '../project.ts';
import { withLock } from '../with-session.ts';
import { chooseTables, type FoundTable } from './choose-tables.ts';
import { fillTable } from './fill-table.ts';
import type { PublicIdAction, PublicIdsEntry, PublicIdsOptions, PublicIdsReport } from './types.ts';

const NEVER = new AbortController().signal;
/** Application rows that came without an id between the last look and the guard. */
const MOST_ROUNDS = 3;

/** `migrator.backfill.publicIds`. */
export async function runPublicIds(
  project: Project,
  options: PublicIdsOptions,
): Promise<PublicIdsReport> {
  const started = performance.now();
  const { found, length, reader } = await chooseTables(project, options);
  const { dryRun = false } = options;
  const work = found.map(
    ({ entry, state }) => new TableWork(project, options, reader, length, { entry, state }),
  );
  let failed: ErrorInfo | undefined;
  if (!dryRun) {
    for (const table of work) {
      if (failed) table.wait();
      else failed = await table.run();
    }
  }
  const tables = work.map((table) => table.entry(dryRun));
  const sum = (of: (entry: PublicIdsEntry) => number): number =>
    tables.reduce((total, entry) => total + of(entry), 0);
  return {
    tables,
    summary: {
      tables: tables.length,
      missing: sum(({ missing }) => missing),
      filled: sum(({ filled }) => filled),
      collisions: sum(({ collisions }) => collisions),
      absent: tables.filter(({ status }) => status === 'absent').length,
    },
    dryRun,
    durationMs: Math.round(performance.now() - started),
    ...(failed && { error: failed }),
  };
}

/** One table: index, ids, NOT NULL, each only where it is missing. */
class TableWork {
  readonly #project: Project;
  readonly #options: PublicIdsOptions;
  readonly #reader: PublicIdReader;
  readonly #found: FoundTable;
  readonly #create: () => string;
  #status: PublicIdsEntry['status'];
  #filled = 0;
  #collisions = 0;
  #error: ErrorInfo | undefined;

  constructor(
    project: Project,
    options: PublicIdsOptions,
    reader: PublicIdReader,
    length: number,
    found: FoundTable,
  ) {
    this.#project = project;
    this.#options = options;
    this.#reader = reader;
    this.#found = found;
    const draw = options.legacy ? drawCuid : () => drawCuid2(length);
    this.#create = () => `${found.entry.prefix}_${draw()}`;
    const nothing = this.#steps().length === 0 && found.state.missing === 0;
    this.#status = found.state.found === 'no-table' ? 'absent' : nothing ? 'complete' : 'planned';
  }

  wait(): void {
    if (this.#status === 'planned') this.#status = 'waiting';
  }

  /** @returns why the command ends here */
  async run(): Promise<ErrorInfo | undefined> {
    if (this.#status !== 'planned') return undefined;
    try {
      this.#options.signal?.throwIfAborted();
      const steps = this.#steps();
      await this.#apply(steps.filter((step) => step === 'unique'));
      await this.#fill(this.#found.state.missing);
      await this.#fillGuarded(steps);
      await this.#apply(steps.filter((step) => step === 'require' || step === 'form'));
      this.#status = 'done';
      return undefined;
    } catch (thrown) {
      this.#status = 'failed';
      this.#error = this.#wrap(thrown);
      return this.#error;
    }
  }

  /** Once no new row can come without an id, those that came meanwhile are the last ones. */
  async #fillGuarded(steps: readonly PublicIdStep[]): Promise<void> {
    for (let round = 1; round <= MOST_ROUNDS; round++) {
      if (round === 1) await this.#apply(steps.filter((step) => step === 'guard'));
      const { missing } = await this.#reader.inspect(this.#found.entry);
      if (missing === 0) return;
      await this.#fill(missing);
    }
  }

  async #fill(missing: number): Promise<void> {
    if (missing === 0) return;
    const { chunk, concurrency, control, windows, signal, abort } = this.#options;
    const options = { chunk, concurrency, control, windows, signal, abort };
    const { entry } = this.#found;
    const { filled, collisions, error } = await fillTable(
      this.#project,
      entry,
      this.#create,
      options,
    );
    this.#filled += filled;
    this.#collisions += collisions;
    if (error) throw new GodwitError(error.code, error.message, error);
  }

  async #apply(steps: readonly PublicIdStep[]): Promise<void> {
    if (steps.length === 0) return;
    const { entry } = this.#found;
    const command = this.#project.options.command ?? 'backfill public-ids';
    await withLock(
      this.#project,
      command,
      this.#options,
      async ({ session, settings, stop, abort }) => {
        for (const step of steps) {
          await session.applyPublicIds?.(step, {
            column: entry,
            pattern: patternOf(entry),
            names: {
              unique: objectName(entry, 'unique'),
              format: objectName(entry, 'format'),
              present: objectName(entry, 'present'),
            },
            lockTimeoutMs: settings.statementLockTimeoutMs,
            lockRetries: settings.lockRetries,
            emit: this.#project.emit,
            stop: AbortSignal.any([stop, abort, session.lost]),
          });
        }
      },
    );
  }

  /** What this database has, was asked for, and is not there yet. */
  #steps(): PublicIdStep[] {
    const { state } = this.#found;
    const { required = true, constraints = false } = this.#options;
    const wanted: Readonly<Record<PublicIdStep, boolean>> = {
      unique: !state.unique,
      guard: required && !state.required,
      require: required && !state.required,
      form: constraints && !state.formed,
    };
    return state.found === 'ready' ? this.#reader.steps.filter((step) => wanted[step]) : [];
  }

  entry(dryRun: boolean): PublicIdsEntry {
    const { entry, state } = this.#found;
    const steps = this.#steps();
    const actions: readonly (PublicIdAction | false)[] = [
      steps.includes('unique') && 'unique-index',
      state.missing > 0 && 'backfill',
      steps.includes('require') && 'not-null',
      steps.includes('form') && 'constraint',
    ];
    return {
      table: entry.name,
      column: entry.column,
      prefix: entry.prefix,
      status: !dryRun && this.#status === 'planned' ? 'waiting' : this.#status,
      missing: state.missing,
      filled: this.#filled,
      collisions: this.#collisions,
      actions: actions.filter((action) => action !== false),
      example: this.#create(),
      ...(this.#error && { error: this.#error }),
    };
  }

  #wrap(thrown: unknown): ErrorInfo {
    const { signal = NEVER } = this.#options;
    const error = toGodwitError(
      thrown,
      signal.aborted ? 'GODWIT_STOPPED' : 'GODWIT_INTERNAL',
    ).toJSON();
    const { name } = this.#found.entry;
    return {
      ...error,
      message: `${name}: ${error.message}`,
      state:
        error.state ??
        `What was finished is there: ${this.#filled} rows of ${name} have an id now, and keep it.`,
      next: error.next ?? ['go on: godwit backfill public-ids'],
    };
  }
}
