import type { TemplateValues } from '../create.ts';

/** `defineMigration`, with an example that fits the database. */
export function godwitTemplate({ description, driver, syntax }: TemplateValues): string {
  const example =
    driver === 'mongodb'
      ? {
          up: "await ctx.db.collection('users').updateMany({}, { $set: { theme: 'light' } });",
          down: "await ctx.db.collection('users').updateMany({}, { $unset: { theme: '' } });",
        }
      : {
          up: "await ctx.query('alter table users add column theme text');",
          down: "await ctx.query('alter table users drop column theme');",
        };
  return `${opening(syntax)}
  description: '${description}',

  async up(ctx) {
    // ${example.up}
    ctx.log('nothing to do yet');
  },

  // Takes back what up does. Delete it if there is no way back.
  async down(ctx) {
    // ${example.down}
    throw new Error(\`down of \${ctx.migration.id} is not written yet\`);
  },
});
`;
}

function opening(syntax: TemplateValues['syntax']): string {
  return syntax === 'cjs'
    ? "const { defineMigration } = require('godwit');\n\nmodule.exports = defineMigration({"
    : "import { defineMigration } from 'godwit';\n\nexport default defineMigration({";
}
