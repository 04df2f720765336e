import type { NewHistoryEvent, RunHeader } from '../../ports/history.ts';
import type { Store } from './store.ts';
import { ident, jsonLiteral, literal } from './text.ts';

const HEADER = 'run,kind,version,id,name,direction,description,author,checksum,normalized,by,fence';

/** INSERT of one event, without a semicolon. */
export function insertEvent(store: Store, event: NewHistoryEvent): string {
  const own = ownValues(event);
  const columns = ['event', HEADER, ...own.map(([name]) => name)].join(',');
  const values = [literal(event.event), headerValues(event), ...own.map(([, value]) => value)];
  return `insert into ${store.history}(${columns}) values(${values.join(',')})`;
}

/** Time since the transaction began, by the server's clock, as the duration of its work. */
export const TRANSACTION_MS =
  'pg_catalog.round((extract(epoch from pg_catalog.clock_timestamp()-pg_catalog.now())*1000)::numeric,1)::double precision';

/**
 * The same for a run that shares a message: to the server all of that message's transactions
 * began when it came, so it is told by the record before.
 */
function sinceLastMs({ history }: Store): string {
  const last = `(select at from ${history} order by seq desc limit 1)`;
  return TRANSACTION_MS.replace('pg_catalog.now()', `greatest(pg_catalog.now(),${last})`);
}

/** INSERT of a run that ends with its transaction; gives the duration back. */
export function insertEndedHere(
  store: Store,
  header: RunHeader,
  of: {
    readonly status: 'applied' | 'reverted';
    readonly result?: unknown;
    readonly backup?: string | undefined;
    /** Of a run that shares a message: name for the column that is given back. */
    readonly column?: string | undefined;
  },
): string {
  const columns = `event,${HEADER},status,effect,via,result,backup,duration_ms`;
  const values = [
    "'ended'",
    headerValues(header),
    literal(of.status),
    "'complete','run'",
    jsonLiteral(of.result),
    literal(of.backup),
    of.column === undefined ? TRANSACTION_MS : sinceLastMs(store),
  ];
  const as = of.column === undefined ? '' : ` as ${ident(of.column)}`;
  return `insert into ${store.history}(${columns}) values(${values.join(',')}) returning duration_ms${as}`;
}

/** What the records have in common that are written through one prepared statement. */
export interface Shared {
  readonly by: RunHeader['by'];
  readonly fence: number;
  readonly backup: string | undefined;
}

const VARYING = ['run', 'kind', 'version', 'id', 'name', 'direction'] as const;
const VARYING_TOO = ['description', 'author', 'checksum', 'normalized'] as const;

/**
 * The same INSERT for a session's next runs, without a result. For a small file the server
 * takes longer to understand its record than to do all the rest.
 *
 * @param name of the statement, and of the column that is given back
 */
export function prepareEnded(store: Store, name: string, { by, fence, backup }: Shared): string {
  const columns = [...VARYING, ...VARYING_TOO];
  const types = columns.map((one) => (one === 'run' ? 'pg_catalog.uuid' : 'pg_catalog.text'));
  const places = columns.map((_, index) => `$${index + 1}`);
  const values = ["'ended'", ...places, jsonLiteral(by), String(fence)];
  const status = `$${columns.length + 1},'complete','run',null,${literal(backup)}`;
  return `prepare ${ident(name)}(${types.join(',')},pg_catalog.text) as \
insert into ${store.history}(event,${HEADER},status,effect,via,result,backup,duration_ms) \
values(${values.join(',')},${status},${sinceLastMs(store)}) returning duration_ms as ${ident(name)}`;
}

/** Writes the record through what was prepared. */
export function executeEnded(
  name: string,
  header: RunHeader,
  status: 'applied' | 'reverted',
): string {
  const values = [...VARYING, ...VARYING_TOO].map((column) => literal(header[column]));
  return `execute ${ident(name)}(${values.join(',')},${literal(status)})`;
}

function headerValues(header: RunHeader): string {
  return [
    literal(header.run),
    literal(header.kind),
    literal(header.version),
    literal(header.id),
    literal(header.name),
    literal(header.direction),
    literal(header.description),
    literal(header.author),
    literal(header.checksum),
    literal(header.normalized),
    jsonLiteral(header.by),
    String(header.fence),
  ].join(',');
}

function ownValues(event: NewHistoryEvent): [column: string, value: string][] {
  switch (event.event) {
    case 'started':
      return [['resume', literal(event.resume)]];
    case 'checkpoint':
      return [
        ['statements', literal(event.statements)],
        ['prefix', literal(event.prefix)],
        ['before', event.before ? 'true' : 'null'],
      ];
    case 'accepted':
      return [['reason', literal(event.reason)]];
    case 'ended':
      return [
        ['status', literal(event.status)],
        ['effect', literal(event.effect)],
        ['via', literal(event.via)],
        ['duration_ms', literal(event.durationMs)],
        ['result', jsonLiteral(event.result)],
        ['counts', jsonLiteral(event.counts)],
        ['error', jsonLiteral(event.error)],
        ['reason', literal(event.reason)],
        ['backup', literal(event.backup)],
      ];
  }
}
