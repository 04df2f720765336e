import type { NewFile, TemplateValues } from '../create.ts';

/** A file and its way back: `.up.sql` and `.down.sql` where the folder does it so. */
export function sqlTemplates(
  { stem, description }: Pick<TemplateValues, 'stem' | 'description'>,
  newest: string | undefined,
): NewFile[] {
  const up = /\.up\.sql$/i.test(newest ?? '') ? `${stem}.up.sql` : `${stem}.sql`;
  return [
    {
      path: up,
      content: `-- description: ${description}\n\n-- alter table users add column theme text;\n`,
    },
    {
      path: `${stem}.down.sql`,
      content:
        `-- Takes back what ${up} does. Without a statement there is no way back.\n\n` +
        `-- alter table users drop column theme;\n`,
    },
  ];
}
