/** Words without which a file neither calls anything, nor waits long, nor touches its session. */
const NOT_PLAIN =
  /[$\\]|\b(?:set|reset|listen|unlisten|notify|prepare|execute|deallocate|declare|discard|load|lock|do|call|temp|temporary|insert|update|delete|merge|truncate|copy|from|with|as|using|values|table|index|alter|drop|refresh|explain|import|analyze|vacuum|cluster|checkpoint|trigger|rule|function|procedure|extension|pg_temp|references|comment|grant|revoke|begin|start|commit|end|abort|rollback|savepoint|release)\b/i;
const NEW_TABLE = /\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?/gi;

/**
 * Tells cheaply whether a file surely takes no time and leaves its session as it was: new
 * tables and schemas, and a `select` that calls nothing. Only what is
 * certain counts: false is always right.
 *
 * @example
 * isPlain('create table a (id bigint primary key)'); // true
 * isPlain('select set_role_for_everybody()'); // false
 */
export function isPlain(text: string): boolean {
  if (NOT_PLAIN.test(text.replace(NEW_TABLE, 'create '))) return false;
  return !(text.includes('(') && /\bselect\b/i.test(text));
}
