import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openProjects, type SyncProjects } from '../contract/mongodb/sync/project.ts';
import { godwit } from './terminal.ts';

const USER = `const mongoose = require('mongoose');
module.exports = mongoose.model('User', new mongoose.Schema({ name: String, email: { type: String, unique: true } }));
`;

describe('sync at a terminal', () => {
  let projects: SyncProjects;
  beforeAll(async () => {
    projects = await openProjects();
  });
  afterAll(() => projects.stop());
  afterEach(() => projects.clean());

  it('asks what became of fields that are gone, and keeps what nobody decided', async () => {
    const project = await projects.open({ 'models/user.js': USER });
    const old = { email: 'a', fullname: 'A', nick: 'x', note: 'y' };
    await project.db.collection('users').insertOne(old);
    const play = { cwd: project.folder.path, env: { MONGODB_URI: project.url } };
    const typed = ['1', 'r', ''];
    const asked = await godwit(['create', 'users now', '--from-models'], { ...play, typed });
    expect(asked.out + asked.err).toContain('users.fullname is in no model any more.');
    expect(asked.code).toBe(0);
    const [, file = ''] = /(migrations\/\S+)/.exec(asked.out) ?? [];
    const text = await readFile(join(project.folder.path, file), 'utf8');
    expect(text).toContain("$rename: { fullname: 'name' }");
    expect(text).toContain("$unset: { nick: '' }");
    expect(text).toContain('// users.note is in no model any more.');
    expect((await godwit(['up'], play)).code).toBe(0);
    const now = await project.db.collection('users').findOne({}, { projection: { _id: 0 } });
    expect(now).toEqual({ email: 'a', name: 'A', note: 'y' });
    // Without a terminal nothing is asked.
    const again = await godwit(['create', 'x', '--from-models', '--json'], {
      ...play,
      isTTY: false,
    });
    expect(again.json()).toEqual({ files: [] });
  });

  it("asks for the database's name in production before anything is taken away", async () => {
    const project = await projects.open({ 'models/user.js': USER });
    await project.db.collection('users').createIndex({ old: 1 });
    const env = { MONGODB_URI: project.url, NODE_ENV: 'production' };
    const play = { cwd: project.folder.path, env };
    const declined = await godwit(['sync'], { ...play, typed: ['no'] });
    expect(declined.out + declined.err).toContain('take away users.old_1');
    expect(declined.code).toBe(5);
    const agreed = await godwit(['sync'], { ...play, typed: [project.db.databaseName] });
    expect(agreed.code).toBe(0);
    expect((await project.indexes('users')).map(({ name }) => name)).toEqual(['_id_', 'email_1']);
    const nothing = await godwit(['sync'], play);
    expect(nothing).toMatchObject({ code: 0 });
    expect(nothing.out).toContain('Nothing to do');
  });
});
