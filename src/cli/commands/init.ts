import { initProject } from '../../config/init.ts';
import type { CommandRun } from '../command-spec.ts';
import { EXIT } from '../exit.ts';

export const run: CommandRun = async ({ view, cwd }, { options }) => {
  const { layout } = options as { layout?: 'classes' };
  const report = await initProject(cwd, { layout });
  const { style } = view;
  view.result(report, () => {
    const found = report.found.map((what) => `  ${style.dim('Found')}    ${what}\n`).join('');
    const written = report.written
      .map((what) => `  ${style.green(style.signs.done)} ${what}\n`)
      .join('');
    const kept = report.kept
      .map((what) => `  ${style.signs.pending} ${what} ${style.dim('(left as it is)')}\n`)
      .join('');
    const next = report.next
      .map((what, i) => `  ${style.dim(i === 0 ? 'Next' : '    ')}  ${what}\n`)
      .join('');
    return `${found}${found && '\n'}${written}${kept}\n${next}`;
  });
  return EXIT.done;
};
