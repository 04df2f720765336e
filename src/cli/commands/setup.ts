import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT, exitOfCode, exitOfReport } from '../exit.ts';
import { renderRunReport } from '../render/run-report.ts';
import { renderSyncReport } from '../render/sync.ts';

export const run: CommandRun = (context, _invocation) =>
  eachDatabase(context, 'setup', async (migrator) => {
    const { signal, abort } = context.stops();
    const { view } = context;
    const report = await migrator.setup({ signal, abort });
    const { migrations, sync, seeds } = report;
    const ofSync = sync?.error === undefined ? EXIT.done : exitOfCode(sync.error.code);
    const codes = [exitOfReport(migrations), ofSync, seeds ? exitOfReport(seeds) : EXIT.done];
    const code = codes.find((exit) => exit !== EXIT.done) ?? EXIT.done;
    const part = (name: string, text: string) => `  ${view.style.dim(name)}${text}`;
    const text = () => {
      const setting = context.errors();
      return [
        part('Migrations', renderRunReport(migrations, setting)),
        sync ? part('Collections and indexes', `\n${renderSyncReport(sync, view.style)}`) : '',
        seeds ? part('Seeds', renderRunReport(seeds, setting)) : '',
      ].join('');
    };
    view.result(report, text, code !== EXIT.done);
    return code;
  });
