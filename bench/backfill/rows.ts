import { MongoClient } from 'mongodb';
import pg from 'pg';

/** Rows of about 440 bytes on either database, and whether each was changed once. */
export interface Rows {
  readonly url: string;
  fill(count: number): Promise<void>;
  /** @throws Error when a row was left out, or changed twice */
  insist(count: number): Promise<void>;
  close(): Promise<void>;
}

const LOT = 10_000;

export async function mongodbRows(url: string): Promise<Rows> {
  const client = await new MongoClient(url).connect();
  const rows = client.db().collection<{ _id: number }>('rows');
  return {
    url,
    async fill(count) {
      await client.db().dropDatabase();
      for (let at = 0; at < count; at += LOT) {
        const lot = Array.from({ length: Math.min(LOT, count - at) }, (_, i) => row(at + i));
        await rows.insertMany(lot);
      }
    },
    async insist(count) {
      const right = await rows.countDocuments({ $expr: { $eq: ['$m', { $add: ['$n', 1] }] } });
      if (right !== count) throw new Error(`${count - right} of ${count} rows are wrong`);
    },
    close: () => client.close(),
  };
}

export async function postgresRows(url: string): Promise<Rows> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return {
    url,
    async fill(count) {
      await client.query('drop schema if exists godwit cascade; drop table if exists rows');
      await client.query(
        `create table rows (id bigint primary key, n bigint, m bigint, name text, text text);
         insert into rows select i, i, null, 'User ' || i, repeat('y', 370)
         from generate_series(0, ${count - 1}) i; analyze rows`,
      );
    },
    async insist(count) {
      const { rows } = await client.query('select count(*) as n from rows where m = n + 1');
      const wrong = count - Number(rows[0]?.n);
      if (wrong !== 0) throw new Error(`${wrong} of ${count} rows are wrong`);
    },
    close: () => client.end(),
  };
}

function row(n: number) {
  return {
    _id: n,
    n,
    name: `User ${n}`,
    email: `user${n}@example.org`,
    address: { street: `${n} Main Street`, city: 'x'.repeat(40) },
    text: 'y'.repeat(230),
    at: new Date(),
  };
}
