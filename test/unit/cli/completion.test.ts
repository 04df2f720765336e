import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands/table.ts';
import { completionScript } from '../../../src/cli/completion/index.ts';

const run = promisify(execFile);

/** What bash offers for a line whose last word is being typed. */
async function complete(line: string): Promise<string[]> {
  const words = line.split(' ');
  const script = `${completionScript('bash')}
godwit() { echo 001_users; echo 002_posts; }
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length - 1}
_godwit
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', script]);
  return stdout.trim().split('\n');
}

describe('completion', () => {
  it.skipIf(process.platform === 'win32')('completes in bash', async () => {
    expect(await complete('godwit st')).toEqual(['status']);
    expect(await complete('godwit status --ch')).toEqual(['--check']);
    expect(await complete('godwit up --out-of-order ')).toEqual(['warn', 'refuse', 'allow']);
    expect(await complete('godwit --driver postgres show 002')).toEqual(['002_posts']);
    expect(await complete('godwit completion z')).toEqual(['zsh']);
  });

  it.each(['bash', 'zsh', 'fish'] as const)('%s knows every command and flag', (shell) => {
    const script = completionScript(shell);
    for (const command of COMMANDS) {
      expect(script).toContain(command.name);
      for (const { flags } of command.options ?? []) {
        const name = /--([a-z-]+)/.exec(flags)?.[1] ?? '';
        expect(script).toContain(shell === 'fish' ? `-l ${name}` : `--${name}`);
      }
    }
  });
});
