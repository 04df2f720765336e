import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** The script that a shell evaluates, made from the command table. */
export function completionScript(shell: keyof typeof SCRIPTS): string {
  return SCRIPTS[shell]();
}
