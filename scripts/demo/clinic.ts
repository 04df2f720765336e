import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { look, type Stage, show, tell, title, type } from './stage.ts';

/** SQL files on PGlite: PostgreSQL inside the process, its data in a folder. */
export async function tellOfTheClinic(folder: string): Promise<void> {
  const stage: Stage = { folder };
  title('1. A clinic: SQL files on PostgreSQL (here PGlite, which needs no server)');
  tell(
    'Four migrations wait in migrations/, each an SQL file with its way back beside it.',
    'What would happen? Asking writes nothing.',
  );
  await type(stage, 'godwit plan');
  tell(
    'The third one, CREATE INDEX CONCURRENTLY, cannot run in a transaction. Nobody has to say so:',
    "godwit asks PostgreSQL's own parser. Now for real.",
  );
  await type(stage, 'godwit up', 1);
  tell(
    'The fourth failed: file, line, statement, what is left, what to type next.',
    'It ran in a transaction, so its first UPDATE is gone too:',
  );
  look('How many phone numbers still have a space in them?', await ask(stage, SPACES));
  await type(stage, 'godwit status');

  tell(
    'Ada is in the table twice. The mended file merges such twins first, and brings a',
    'verify file: a question that must find nothing, asked inside the same transaction.',
  );
  await mend(stage);
  await show(stage, 'migrations/004_one_phone_per_patient.sql');
  await type(stage, 'godwit up');
  look('Is Ada there once, with both appointments?', await ask(stage, ADA));

  tell('The newest two back, and forth again:');
  await type(stage, 'godwit down 2');
  await type(stage, 'godwit up');
  tell('Every run is on record, the failed one too. Nothing is ever erased from it:');
  await type(stage, 'godwit history');
}

const SPACES = "SELECT count(*) || ' numbers' AS answer FROM patients WHERE phone LIKE '% %'";
const ADA = `SELECT count(DISTINCT p.id) || ' entry, ' || count(a.id) || ' appointments' AS answer
  FROM patients p JOIN appointments a ON a.patient_id = p.id WHERE p.name = 'Ada Lovelace'`;

async function mend({ folder }: Stage): Promise<void> {
  await cp(join(folder, 'mended'), join(folder, 'migrations'), { recursive: true });
}

async function ask({ folder }: Stage, sql: string): Promise<string> {
  const database = await PGlite.create(join(folder, 'data'));
  try {
    const { rows } = await database.query<{ answer: unknown }>(sql);
    return String(rows[0]?.answer);
  } finally {
    await database.close();
  }
}
