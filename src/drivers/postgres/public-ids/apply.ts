import { GodwitError } from '../../../errors.ts';
import type { PublicIdCall, PublicIdStep } from '../../../ports/public-ids.ts';
import { BlockerWatch } from '../blockers.ts';
import { sqlState } from '../connection.ts';
import { sqlError } from '../errors.ts';
import { ident, literal } from '../text.ts';
import { pause } from '../wait.ts';
import { rollback, type Workplace } from '../workplace.ts';
import { refuseDuplicates, refuseWrongForm } from './conflicts.ts';
import { inspect, regclass } from './inspect.ts';
import { buildUniqueIndex } from './unique-index.ts';

/** One step; what is there already is left. */
export async function applyPublicIds(
  place: Workplace,
  step: PublicIdStep,
  call: PublicIdCall,
): Promise<void> {
  const now = await inspect(place.connection, call.column);
  const done = { unique: now.unique, guard: now.required, require: now.required, form: now.formed };
  if (now.found !== 'ready' || done[step]) return;
  try {
    await STEPS[step](place, call);
  } catch (thrown) {
    await rollback(place);
    throw thrown instanceof GodwitError ? thrown : sqlError(thrown, undefined);
  }
}

type Step = (place: Workplace, call: PublicIdCall) => Promise<void>;

const STEPS: Readonly<Record<PublicIdStep, Step>> = {
  async unique(place, call) {
    await refuseDuplicates(place.connection, call);
    await buildUniqueIndex(place, call);
  },
  async guard(place, call) {
    const { present } = call.names;
    await addUnchecked(place, call, present, `${ident(call.column.column)} is not null`);
  },
  async require(place, call) {
    const present = ident(call.names.present);
    const table = tableOf(call);
    await validate(place, call, call.names.present);
    // With the validated constraint the server need not read the table again.
    await gently(place, call, [
      `alter table ${table} alter column ${ident(call.column.column)} set not null`,
      `alter table ${table} drop constraint if exists ${present}`,
    ]);
  },
  async form(place, call) {
    await refuseWrongForm(place.connection, call);
    const condition = `${ident(call.column.column)} ~ ${literal(call.pattern)}`;
    await addUnchecked(place, call, call.names.format, condition);
    await validate(place, call, call.names.format);
  },
};

/** From now on it holds for what is written; the rows that are there are not looked at. */
async function addUnchecked(
  place: Workplace,
  call: PublicIdCall,
  name: string,
  condition: string,
): Promise<void> {
  if (await hasConstraint(place, call, name)) return;
  await gently(place, call, [
    `alter table ${tableOf(call)} add constraint ${ident(name)} check (${condition}) not valid`,
  ]);
}

/** Reads the whole table, while the application reads and writes. */
async function validate(place: Workplace, call: PublicIdCall, name: string): Promise<void> {
  await gently(place, call, [`alter table ${tableOf(call)} validate constraint ${ident(name)}`]);
}

async function hasConstraint(
  { connection }: Workplace,
  { column }: PublicIdCall,
  name: string,
): Promise<boolean> {
  const [result] = await connection.simple(
    `select 1 from pg_catalog.pg_constraint
    where conrelid = ${regclass(column)} and conname = ${literal(name)}`,
  );
  return (result?.rows.length ?? 0) > 0;
}

const FIRST_DELAY_MS = 200;

/** In a transaction that waits a short time for its lock, and then lets others go first. */
async function gently(
  place: Workplace,
  { lockTimeoutMs, lockRetries, stop }: PublicIdCall,
  statements: readonly string[],
): Promise<void> {
  const { connection, store } = place;
  const role = store.role === undefined ? [] : [`set local role ${ident(store.role)}`];
  const message = [
    'begin',
    `set local lock_timeout=${Math.round(lockTimeoutMs)}`,
    'set local statement_timeout=0',
    ...role,
    ...statements,
    'commit',
  ].join(';');
  for (let attempt = 1; ; attempt++) {
    stop.throwIfAborted();
    const watch = new BlockerWatch(place, lockTimeoutMs);
    try {
      await connection.simple(message);
      await watch.finish();
      return;
    } catch (thrown) {
      const blockers = await watch.finish();
      await rollback(place);
      if (sqlState(thrown) !== '55P03') throw thrown;
      if (attempt > lockRetries) {
        const who = blockers.length > 0 ? ` Blocked by ${blockers.join('; ')}.` : '';
        throw new GodwitError(
          'GODWIT_LOCK_TIMEOUT',
          `A lock on the table was not to be had in ${attempt} attempts.${who}`,
          { cause: thrown },
        );
      }
      await pause(FIRST_DELAY_MS * 2 ** Math.min(attempt, 5) * (0.5 + Math.random() / 2), stop);
    }
  }
}

function tableOf({ column: { schema, table } }: PublicIdCall): string {
  return schema === undefined ? ident(table) : `${ident(schema)}.${ident(table)}`;
}
