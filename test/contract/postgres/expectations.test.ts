import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseExpectation } from '../../../src/core/checks/expectation.ts';
import type { Checks, ExpectationAnswer } from '../../../src/ports/checks.ts';
import { AUTH, ROLES, SERVERS } from './checks-kit.ts';
import type { TestDatabase, TestServer } from './kit.ts';

const ME = '11111111-1111-4111-8111-111111111111';
const OTHER = '22222222-2222-4222-8222-222222222222';

describe.each(SERVERS)('expectations of roles on %s', (_name, open) => {
  let server: TestServer;
  let database: TestDatabase;
  let checks: Checks;

  beforeAll(async () => {
    server = await open();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    database = await server.create();
    for (const statement of [ROLES, ...AUTH]) await database.ask(statement);
    const opened = await database.driver.checks?.();
    if (!opened) throw new Error('no checks');
    checks = opened;
  });
  afterEach(async () => {
    await checks.close();
    await database.close();
  });

  async function sql(...statements: string[]): Promise<void> {
    for (const statement of statements) await database.ask(statement);
  }

  async function answers(...texts: string[]): Promise<ExpectationAnswer[]> {
    const expectations = texts.flatMap((text) => {
      const parsed = parseExpectation(text);
      if (typeof parsed === 'string') throw new Error(parsed);
      return parsed;
    });
    return (await checks.expectations?.(expectations)) ?? [];
  }

  const verdicts = async (...texts: string[]) =>
    (await answers(...texts)).map(({ verdict }) => verdict);

  it('goes by rights, then by rows that are seen', async () => {
    await sql('create table patients (id int, owner uuid)');
    const both = ['anon can select patients', 'anon cannot select patients'];
    expect(await verdicts(...both)).toEqual(['broken', 'holds']);
    await sql('grant select on patients to anon');
    const [, open] = await answers(...both);
    expect(open).toMatchObject({
      verdict: 'broken',
      reason: 'anon has the right to, and row level security does not hold it back',
      fix: 'alter table "public"."patients" enable row level security',
      where: { schema: 'public', table: 'patients', role: 'anon', expectation: both[1] },
    });
    await sql(open?.fix ?? '');
    expect(await verdicts(...both)).toEqual(['broken', 'holds']);
    await sql(
      'create policy mine on patients for select using (auth.uid() = owner)',
      'grant select on patients to authenticated',
    );
    // No row to tell by, but one that would be the subject's own.
    expect(await verdicts(...both)).toEqual(['unknown', 'unknown']);
    expect(await verdicts(`authenticated can select patients with claims {"sub":"${ME}"}`)).toEqual(
      ['holds'],
    );
    await sql(`insert into patients values (1, '${ME}')`);
    expect(await verdicts(...both)).toEqual(['broken', 'holds']);
    expect(
      await verdicts(
        `authenticated can select patients with claims {"sub":"${ME}"}`,
        `authenticated cannot select public.patients with claims {"sub":"${OTHER}"}`,
        `authenticated can select patients with claims {"sub":"${OTHER}"}`,
      ),
    ).toEqual(['holds', 'holds', 'broken']);
    await sql('create policy all_of_it on patients for select to anon using (true)');
    const [seen] = await answers('anon cannot select patients');
    expect(seen).toMatchObject({
      verdict: 'broken',
      reason: expect.stringContaining('"all_of_it"'),
      fix: 'drop policy "all_of_it" on "public"."patients"',
    });
  });

  it('asks policies about writing, and writes nothing', async () => {
    await sql(
      'create table notes (id serial primary key, owner uuid not null default auth.uid(), body text)',
      'alter table notes enable row level security',
      'grant select, insert, update, delete on notes to anon, authenticated',
      'grant usage on all sequences in schema public to anon, authenticated',
      'create policy reads on notes for select using (true)',
      'create policy adds on notes for insert to authenticated with check (owner = auth.uid())',
      'create policy changes on notes for update to authenticated using (owner = auth.uid()) with check (body is not null)',
      `create policy removes on notes for delete to authenticated using (owner = auth.uid() and body like 'old%')`,
      `insert into notes (owner, body) values ('${ME}', 'old news'), ('${OTHER}', 'new')`,
    );
    const mine = `with claims {"sub":"${ME}"}`;
    const others = `with claims {"sub":"${OTHER}"}`;
    expect(
      await verdicts(
        'anon cannot insert notes',
        'anon cannot update notes',
        'anon cannot delete notes',
        `authenticated can insert into notes ${mine}`,
        `authenticated can insert into notes with claims {"sub":"33333333-3333-4333-8333-333333333333"}`,
        `authenticated cannot insert notes ${mine} with row {"owner":"${OTHER}"}`,
        `authenticated can insert notes ${mine} with row {"body":"by default mine"}`,
        `authenticated can update notes ${mine}`,
        `authenticated can delete from notes ${mine}`,
        `authenticated cannot delete from notes ${others}`,
      ),
    ).toEqual(Array.from({ length: 10 }, () => 'holds'));
    await sql('create policy also on notes as restrictive for update using (false)');
    expect(await verdicts(`authenticated cannot update notes ${mine}`)).toEqual(['holds']);
    await sql('create policy anybody on notes for insert with check (true)');
    expect(await answers('anon cannot insert notes')).toMatchObject([
      { verdict: 'broken', fix: 'drop policy "anybody" on "public"."notes"' },
    ]);
    expect(await database.ask('select count(*)::int as n from notes')).toEqual([{ n: 2 }]);
    expect(await database.ask(`select last_value::int as n from notes_id_seq`)).toEqual([{ n: 2 }]);
  });

  it('says what it cannot tell, and what the server refuses', async () => {
    await sql(
      'create table a (id int)',
      'create table b (id int)',
      'insert into a values (1)',
      'alter table a enable row level security',
      'grant select on a to anon',
      'create policy p on a for select using (exists (select 1 from b where b.id = a.id))',
      'create schema hidden',
      'create table hidden.t ()',
    );
    expect(
      await answers(
        'nobody_known can select a',
        'anon cannot select not_there',
        'anon cannot select a',
        'anon can select hidden.t',
      ),
    ).toMatchObject([
      { verdict: 'unknown', reason: 'there is no role nobody_known' },
      { verdict: 'unknown', reason: 'there is no table not_there' },
      { verdict: 'holds' },
      { verdict: 'broken', fix: 'grant usage on schema "hidden" to "anon"' },
    ]);
    const [refused] = await answers('anon can select a');
    expect(refused).toMatchObject({ verdict: 'broken' });
    expect(refused?.reason).toMatch(/permission denied for table b/);
  });
});
