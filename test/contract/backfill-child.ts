/**
 * A process at work on a backfill, to be killed: `backfill-child.ts <database> <mode> <url>`.
 * Says `chunk` after each chunk, and `complete` at the end. Modes are those of the
 * database's jobs, `naive` (what people write instead) and `undo`.
 */
const [database = '', mode = '', url = ''] = process.argv.slice(2);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const onChunk = (): unknown => say('chunk');

if (mode === 'undo') {
  const { undoPeople } = await import('./backfill-undo-work.ts');
  await undoPeople(database, url, onChunk);
} else {
  const { naive, workOn } = await import(`./${database}/backfill-child-work.ts`);
  await (mode === 'naive' ? naive(url, onChunk) : workOn(mode, url, onChunk));
}
say('complete');
