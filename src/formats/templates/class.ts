import { EMPTY, type Task } from './tasks.ts';

export interface ClassValues {
  readonly className: string;
  readonly description: string;
  readonly author: string;
  readonly syntax: 'ts' | 'esm' | 'cjs';
  /** `../utils` where the layout has the thin files; absent: from the package. */
  readonly utils?: string | undefined;
}

/** A class migration in full: what it requires, the class, and what it exports. */
export function classTemplate(values: ClassValues, task: Task = EMPTY): string {
  const { className, description, author, syntax } = values;
  const types = syntax === 'ts' ? ': Mongoose' : '';
  const close = syntax === 'cjs' ? `\nmodule.exports = ${className};\n` : '';
  return `${opening(values)}
${syntax === 'cjs' ? '' : 'export default '}class ${className} extends MigrationBase {
  constructor(mongoose${types}) {
    super(mongoose);
    this.version = '1.0.0';
    this.description = ${quoted(description)};
    this.author = ${quoted(author)};
  }

  async up() {
${indented(task.up, '    ')}
  }

  async down() {
${indented(task.down, '    ')}
  }
}
${close}`;
}

function opening({ syntax, utils }: ClassValues): string {
  if (syntax === 'ts') {
    return "import { MigrationBase, MigrationHelper } from 'godwit/mongoose';\nimport type { Mongoose } from 'mongoose';\n";
  }
  if (syntax === 'esm')
    return "import { MigrationBase, MigrationHelper } from 'godwit/mongoose';\n";
  if (utils === undefined)
    return "const { MigrationBase, MigrationHelper } = require('godwit/mongoose');\n";
  return `const MigrationBase = require('${utils}/MigrationBase');\nconst MigrationHelper = require('${utils}/MigrationHelper');\n`;
}

/** The same task for `defineMigration`, which has no `this`. */
export function taskTemplate(
  values: Pick<ClassValues, 'description' | 'syntax'>,
  task: Task,
): string {
  const { description, syntax } = values;
  const names = task.helper ? ['defineMigration', 'MigrationHelper'] : ['defineMigration'];
  const lines = names.map((name) => {
    const from = name === 'MigrationHelper' ? 'godwit/mongoose' : 'godwit';
    return syntax === 'cjs'
      ? `const { ${name} } = require('${from}');`
      : `import { ${name} } from '${from}';`;
  });
  const open =
    syntax === 'cjs' ? 'module.exports = defineMigration({' : 'export default defineMigration({';
  return `${lines.join('\n')}

${open}
  description: ${quoted(description)},

  async up(ctx) {
${body(task.up, '    ')}
  },

  async down(ctx) {
${body(task.down, '    ')}
  },
});
`;
}

function body(text: string, indent: string): string {
  const own = text
    .replaceAll('this.models.', 'models.')
    .replaceAll('this.mongoose.', 'mongoose.')
    .replaceAll('this.backfill(', 'ctx.backfill(')
    .replaceAll('this.log(', 'ctx.log(');
  const used = ['mongoose', 'models'].filter((name) => new RegExp(`\\b${name}\\.`).test(own));
  const opens = used.length > 0 ? `const { ${used.join(', ')} } = await ctx.mongoose();\n` : '';
  return indented(opens + own, indent);
}

function indented(text: string, indent: string): string {
  return text
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
}

function quoted(text: string): string {
  return `'${text
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replace(/[\r\n]+/g, ' ')}'`;
}

/** `add-user-avatar` as `AddUserAvatar`; a name that begins with a digit gets a letter first. */
export function classNameOf(slug: string): string {
  const joined = slug
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return /^\p{L}/u.test(joined) ? joined : `Migration${joined}`;
}
