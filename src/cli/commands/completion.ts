import type { CommandRun } from '../command-spec.ts';
import { EXIT } from '../exit.ts';

export const run: CommandRun = async ({ view, io }, { args }) => {
  const { completionScript } = await import('../completion/index.ts');
  const script = completionScript(args[0] as 'bash' | 'zsh' | 'fish');
  if (view.mode === 'text') io.stdout.write(script);
  else view.result({ script }, () => '');
  return EXIT.done;
};
