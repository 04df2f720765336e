import { appendFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../RESULTS.md', import.meta.url));

/** Adds a section to bench/RESULTS.md. */
export async function appendResult(title: string, body: string): Promise<void> {
  const date = new Date().toISOString().slice(0, 10);
  await appendFile(FILE, `\n## ${title}, ${date}\n\n${body.trim()}\n`);
}
