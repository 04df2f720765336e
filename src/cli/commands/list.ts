import type { CommandRun } from '../command-spec.ts';
import { eachDatabase } from '../context.ts';
import { EXIT } from '../exit.ts';
import { renderTable } from '../render/table.ts';

export const run: CommandRun = (context) =>
  eachDatabase(context, 'list', async (migrator) => {
    const migrations = await migrator.list();
    const { view, globals } = context;
    view.result({ migrations }, () => {
      // For scripts and completion: the ids alone.
      if (globals.quiet) return migrations.map(({ id }) => `${id}\n`).join('');
      if (migrations.length === 0) return '  No migrations.\n';
      const rows = migrations.map(({ id, file, description }) => [
        id,
        view.style.dim(file ?? ''),
        view.style.dim(description ?? ''),
      ]);
      return renderTable(rows, view.width, 1);
    });
    return EXIT.done;
  });
