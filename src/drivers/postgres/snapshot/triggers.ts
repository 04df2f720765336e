import { literal } from '../text.ts';
import type { Catalog, Reading } from './catalog.ts';
import { commentOn } from './comments.ts';
import type { Piece } from './piece.ts';
import { notMember, parseList, query } from './rows.ts';

export interface TriggerRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly parent: string;
  readonly def: string;
  /** O origin, D disabled, R replica, A always. */
  readonly enabled: string;
  readonly parentEnabled: string | null;
}

export const TRIGGERS = query<TriggerRow>(
  ({ schemas }) => `select t.oid, t.tgrelid as relation, quote_ident(t.tgname) as name,
    t.tgparentid as parent, pg_get_triggerdef(t.oid) as def, t.tgenabled as enabled,
    (select p.tgenabled from pg_trigger p where p.oid = t.tgparentid) as "parentEnabled"
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace in (${schemas}) and not t.tgisinternal and ${notMember('pg_trigger', 't.oid')}`,
);

const ENABLED: Readonly<Record<string, string>> = {
  D: 'DISABLE',
  R: 'ENABLE REPLICA',
  A: 'ENABLE ALWAYS',
  O: 'ENABLE',
};

export function triggers(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.triggers.flatMap((row): Piece[] => {
    const relation = reading.tables.get(row.relation) ?? reading.views.get(row.relation);
    if (relation === undefined) return [];
    const cloned = row.parent !== '0';
    const usual = cloned ? (row.parentEnabled ?? 'O') : 'O';
    const statements = [
      // Partitions get their parent's by themselves.
      ...(cloned ? [] : [row.def]),
      ...(row.enabled === usual
        ? []
        : [`ALTER TABLE ${relation.name} ${ENABLED[row.enabled]} TRIGGER ${row.name}`]),
      ...(cloned
        ? []
        : commentOn(
            reading.comments,
            `TRIGGER ${row.name} ON ${relation.name}`,
            `pg_trigger:${row.oid}`,
          )),
    ];
    if (statements.length === 0) return [];
    return [
      {
        kind: 'trigger',
        name: `${relation.name}.${row.name}`,
        of: relation.name,
        section: 'post-data',
        means: [`pg_trigger:${row.oid}`],
        needs: [`pg_class:${row.relation}`, ...(cloned ? [`pg_trigger:${row.parent}`] : [])],
        statements,
      },
    ];
  });
}

export interface RuleRow {
  readonly oid: string;
  readonly relation: string;
  readonly name: string;
  readonly def: string;
  readonly enabled: string;
}

export const RULES = query<RuleRow>(
  ({ schemas }) => `select r.oid, r.ev_class as relation, quote_ident(r.rulename) as name,
    pg_get_ruledef(r.oid) as def, r.ev_enabled as enabled
  from pg_rewrite r join pg_class c on c.oid = r.ev_class
  where c.relnamespace in (${schemas}) and r.rulename <> '_RETURN' and ${notMember('pg_rewrite', 'r.oid')}`,
);

export function rules(catalog: Catalog, reading: Reading): Piece[] {
  return catalog.rules.flatMap((row): Piece[] => {
    const relation = reading.tables.get(row.relation) ?? reading.views.get(row.relation);
    if (relation === undefined) return [];
    return [
      {
        kind: 'rule',
        name: `${relation.name}.${row.name}`,
        of: relation.name,
        section: 'post-data',
        means: [`pg_rewrite:${row.oid}`],
        needs: [`pg_class:${row.relation}`],
        statements: [
          row.def.trimEnd().replace(/;$/, ''),
          ...(row.enabled === 'O'
            ? []
            : [`ALTER TABLE ${relation.name} ${ENABLED[row.enabled]} RULE ${row.name}`]),
          ...commentOn(
            reading.comments,
            `RULE ${row.name} ON ${relation.name}`,
            `pg_rewrite:${row.oid}`,
          ),
        ],
      },
    ];
  });
}

export interface EventTriggerRow {
  readonly oid: string;
  readonly name: string;
  readonly event: string;
  readonly tags: string | null;
  readonly function: string;
  readonly enabled: string;
}

/** They belong to no schema: those whose function does are taken in. */
export const EVENT_TRIGGERS = query<EventTriggerRow>(
  ({ schemas }) => `select e.oid, quote_ident(e.evtname) as name, e.evtevent as event,
    to_json(e.evttags) as tags, format('%I.%I', n.nspname, p.proname) as function, e.evtenabled as enabled
  from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
  join pg_namespace n on n.oid = p.pronamespace
  where n.oid in (${schemas}) and ${notMember('pg_event_trigger', 'e.oid')}`,
);

export function eventTriggers(catalog: Catalog, { comments }: Reading): Piece[] {
  return catalog.eventTriggers.map((row) => {
    const tags = parseList(row.tags).map((tag) => literal(tag).trim());
    const when = tags.length > 0 ? `\n  WHEN TAG IN (${tags.join(', ')})` : '';
    return {
      kind: 'event trigger',
      name: row.name,
      section: 'post-data',
      means: [`pg_event_trigger:${row.oid}`],
      statements: [
        `CREATE EVENT TRIGGER ${row.name} ON ${row.event}${when}\n  EXECUTE FUNCTION ${row.function}()`,
        ...(row.enabled === 'O' ? [] : [`ALTER EVENT TRIGGER ${row.name} ${ENABLED[row.enabled]}`]),
        ...commentOn(comments, `EVENT TRIGGER ${row.name}`, `pg_event_trigger:${row.oid}`),
      ],
    };
  });
}
