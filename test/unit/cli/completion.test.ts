import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const SAMPLES: readonly [line: string, offered: readonly string[]][] = [
  ['godwit st', ['status']],
  ['godwit status --ch', ['--check']],
  ['godwit show 002', ['002_posts']],
  ['godwit --driver postgres show 002', ['002_posts']],
  ['godwit completion z', ['zsh']],
];

/** What fish offers, without its descriptions. */
async function completeInFish(script: string, line: string): Promise<string[]> {
  const text = `function godwit; echo 001_users; echo 002_posts; end
source ${script}
complete -C '${line}'`;
  const { stdout } = await run('fish', ['--no-config', '-c', text]);
  return stdout
    .trim()
    .split('\n')
    .map((word) => word.split('\t')[0] ?? '');
}

/** A line as zsh leaves it after TAB: completion only works in a terminal, so it gets one. */
async function completeInZsh(script: string, line: string): Promise<string> {
  const text = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z "PS1=''; autoload -U compinit && compinit -u -D; godwit() { echo 001_users; echo 002_posts }; source ${script}; echo REA''DY"
zpty -r z out '*READY*'
zpty -w -n z $'${line}\t; exit\n'
while zpty -r z word; do print -rn -- $word; done`;
  const { stdout } = await run('zsh', ['-f', '-c', text], { timeout: 30_000 });
  return stdout.replace(/\u001b\[[0-9;?]*[a-zA-Z]/g, '');
}

function isMissing(shell: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return !folders.some((folder) => existsSync(join(folder, shell)));
}

describe('completion', () => {
  describe('in the shells themselves', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'godwit-completion-'));
      for (const shell of ['zsh', 'fish'] as const)
        await writeFile(join(folder, shell), completionScript(shell));
    });
    afterAll(() => rm(folder, { recursive: true }));

    // Without the shell there is nothing to ask.
    it.skipIf(isMissing('fish')).each(SAMPLES)('fish completes %j', async (line, offered) => {
      expect(await completeInFish(join(folder, 'fish'), line)).toEqual(offered);
    });

    it.skipIf(isMissing('fish'))('fish offers the choices of a flag, and no files', async () => {
      const offered = await completeInFish(join(folder, 'fish'), 'godwit up --out-of-order ');
      expect(offered.sort()).toEqual(['allow', 'refuse', 'warn']);
    });

    it.skipIf(isMissing('zsh')).each(SAMPLES)('zsh completes %j', async (line, [offered]) => {
      expect(await completeInZsh(join(folder, 'zsh'), line)).toContain(`${offered}`);
    });
  });

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
