import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Actor } from '../../ports/history.ts';
import type { LockHolder } from '../../ports/session.ts';
import { isGone, type ProcessOwner, thisProcess } from './process-owner.ts';

interface Content {
  readonly id: string;
  readonly owner: ProcessOwner;
  readonly by: Actor;
  readonly command: string;
  readonly since: string;
  readonly fence: number;
}

/** A takeover takes milliseconds: an older one was left by a process that died in it. */
const TAKEOVER_MS = 5_000;

/**
 * The lock of a PGlite folder, held for as long as the folder is open: two processes in
 * one folder destroy it. It stands beside the folder, because PGlite makes a database
 * only in a folder with nothing in it.
 */
export class LockFile {
  readonly path: string;
  #content: Content | undefined;

  constructor(folder: string) {
    this.path = `${folder}.godwit-lock`;
  }

  get held(): boolean {
    return this.#content !== undefined;
  }

  /** Tries once. A dead owner's file is taken over. */
  async tryTake(by: Actor, command: string): Promise<boolean> {
    if (this.held) return true;
    const content: Content = {
      id: randomUUID(),
      owner: thisProcess(),
      by,
      command,
      since: new Date().toISOString(),
      fence: 0,
    };
    await mkdir(dirname(this.path), { recursive: true });
    if (!(await this.#create(content)) && !(await this.#takeOver(content))) return false;
    this.#content = content;
    return true;
  }

  /** Says more about what is done under a lock that is held. */
  async describe(by: Actor, command: string, fence: number): Promise<void> {
    if (!this.#content) return;
    this.#content = { ...this.#content, by, command, fence, since: new Date().toISOString() };
    await writeFile(this.path, JSON.stringify(this.#content));
  }

  async release(): Promise<void> {
    const mine = this.#content;
    this.#content = undefined;
    if (mine && (await this.#read())?.id === mine.id) await rm(this.path, { force: true });
  }

  async holder(): Promise<LockHolder | undefined> {
    const content = await this.#read();
    if (!content) return undefined;
    const { by, command, since, fence, owner } = content;
    return { by, command, since: new Date(since), fence, alive: !isGone(owner) };
  }

  /** Removes the file of exactly this holder, if its process is gone. */
  async remove(holder: LockHolder): Promise<boolean> {
    const content = await this.#read();
    if (!content || !isGone(content.owner) || content.since !== holder.since.toISOString())
      return false;
    await rm(this.path, { force: true });
    return true;
  }

  /** All or nothing: the file appears with its content, or was there before. */
  async #create(content: Content): Promise<boolean> {
    const draft = `${this.path}.${content.id}`;
    await writeFile(draft, JSON.stringify(content), { flag: 'wx' });
    try {
      await link(draft, this.path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      // A file system without links: the name alone is exclusive.
      return await writeFile(this.path, JSON.stringify(content), { flag: 'wx' }).then(
        () => true,
        () => false,
      );
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Only one may remove a dead owner's file, and only that one. */
  async #takeOver(content: Content): Promise<boolean> {
    const seen = await this.#read();
    if (!seen || !isGone(seen.owner)) return false;
    const gate = `${this.path}.takeover`;
    try {
      await writeFile(gate, '', { flag: 'wx' });
    } catch {
      const age = await stat(gate).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
      if (age > TAKEOVER_MS) await rm(gate, { force: true });
      return false;
    }
    try {
      if ((await this.#read())?.id !== seen.id) return false;
      await rm(this.path, { force: true });
      return await this.#create(content);
    } finally {
      await rm(gate, { force: true });
    }
  }

  async #read(): Promise<Content | undefined> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Content;
    } catch {
      return undefined;
    }
  }
}
