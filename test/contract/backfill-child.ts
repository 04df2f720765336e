/**
 * A process at work on a backfill, to be killed: `backfill-child.ts <database> <mode> <url>`.
 * Says `chunk` after each chunk, and `complete` at the end. Modes are those of the
 * database's jobs, `naive` (what people write instead), `people` and `undo`.
 */
const [database = '', mode = '', url = ''] = process.argv.slice(2);
const say = (text: string): unknown => process.stdout.write(`${text}\n`);
const onChunk = (): unknown => say('chunk');

if (mode === 'people') {
  const { runPeople } = await import('./backfill-undo-work.ts');
  await runPeople(database, url, onChunk);
} else if (mode === 'undo') {
  const { undoPeople } = await import('./backfill-undo-work.ts');
  await undoPeople(database, url, onChunk);
} else {
  const { naive, workOn } = await import(`./${database}/backfill-child-work.ts`);
  await (mode === 'naive' ? naive(url, onChunk) : workOn(mode, url, onChunk));
}
say('complete');
