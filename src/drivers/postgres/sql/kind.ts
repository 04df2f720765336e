/** Words between the command and the kind of object it is about. */
const MODIFIERS = new Set([
  'or',
  'replace',
  'unique',
  'temp',
  'temporary',
  'global',
  'local',
  'unlogged',
  'trusted',
  'procedural',
  'recursive',
  'constraint',
  'default',
]);
const TWO_WORDS = new Set([
  'materialized view',
  'foreign table',
  'foreign data',
  'event trigger',
  'text search',
  'access method',
  'operator class',
  'operator family',
  'user mapping',
]);
const WITH_OBJECT = new Set(['create', 'alter', 'drop']);
const TWO_WORD_COMMANDS = new Set([
  'commit prepared',
  'rollback prepared',
  'prepare transaction',
  'rollback to',
  'discard all',
  'refresh materialized',
  'start transaction',
]);

/**
 * What a statement is, such as `CREATE INDEX`, `INSERT` or `ROLLBACK TO`, from its first
 * words: it works for statements too that the parser cannot read.
 */
export function kindOf(words: readonly string[]): string {
  const [command = '', second = ''] = words;
  if (TWO_WORD_COMMANDS.has(`${command} ${second}`)) return `${command} ${second}`.toUpperCase();
  if (command === 'rollback' && words.includes('to')) return 'ROLLBACK TO';
  if (!WITH_OBJECT.has(command)) return command.toUpperCase() || 'UNKNOWN';
  let at = 1;
  while (MODIFIERS.has(words[at] ?? '')) at++;
  const object = words[at] ?? '';
  const pair = `${object} ${words[at + 1] ?? ''}`;
  return `${command} ${TWO_WORDS.has(pair) ? pair : object}`.trim().toUpperCase();
}
