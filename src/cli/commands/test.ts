import type { RoundtripOptions } from '../../app/roundtrip/types.ts';
import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderRoundtrips } from '../render/roundtrip.ts';

/** `--url` is the server to test on, never the project's database. */
export const run: CommandRun = (context, { args, options }) => {
  const { globals, view } = context;
  const own = {
    ...context,
    open: (command: string, database?: string) =>
      context.open(command, database, { url: undefined }),
  };
  return eachDatabase(own, 'test', async (migrator) => {
    const { signal, abort } = context.stops();
    const asked = options as Pick<RoundtripOptions, 'sample' | 'seed' | 'bail'>;
    const ids = (args[0] ?? []) as readonly string[];
    const report = await migrator.test({ ...asked, ids, server: globals.url, signal, abort });
    const bad = report.summary.failed > 0;
    view.result(report, () => renderRoundtrips(report, view.style), bad);
    return bad ? EXIT.failed : EXIT.done;
  });
};
