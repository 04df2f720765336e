import type { Migration } from '../../ports/migration.ts';

/** The baseline's file: what it stands for, and what it makes. */
export function renderBaseline(chosen: readonly Migration[], script: string, file: string): string {
  const last = chosen.at(-1)?.id ?? '';
  const replaces = chosen.map(describe).join(', ');
  if (!file.endsWith('.sql')) {
    const literals = { description: `Schema after ${last}`, replaces };
    const exported = Object.entries(literals).map(
      ([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`,
    );
    return `// Written by godwit squash; the files it stands for are in .squashed.\n${script}\n${exported.join('')}`;
  }
  return [
    `-- Written by godwit squash; the files it stands for are in .squashed.`,
    `-- description: Schema after ${last}`,
    `-- replaces: ${replaces}`,
    '-- godwit: no-variables',
    '',
    script,
  ].join('\n');
}

/** With what a baseline among them stood for itself. */
function describe({ id, replaces }: Migration): string {
  const older = [...(replaces?.versions ?? []), ...(replaces?.covered ?? [])];
  return older.length === 0 ? id : `${id} (${older.join(', ')})`;
}
