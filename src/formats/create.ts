import { canonicalVersion, splitVersionedName } from '../core/ordering.ts';
import { GodwitError } from '../errors.ts';
import type { DriverName } from '../ports/context.ts';
import { CODE_EXTENSIONS, isTypeScript } from './file-names.ts';
import type { FormatName } from './format.ts';
import { newestStyle, nextVersion } from './new-version.ts';
import { type ClassValues, classNameOf, classTemplate, taskTemplate } from './templates/class.ts';
import { godwitTemplate } from './templates/godwit.ts';
import { moduleTemplate } from './templates/module.ts';
import { sqlTemplates } from './templates/sql.ts';
import { TASKS, type Task } from './templates/tasks.ts';

export type NewLanguage = 'ts' | 'js' | 'cjs' | 'mjs' | 'sql';

export interface NewMigrationOptions {
  /** What people typed: `add users`, `add_users`. */
  readonly name: string;
  /** Paths or names of the files there are, for the next version and the folder's style. */
  readonly existing: readonly string[];
  readonly driver: DriverName;
  /** `godwit`, `module`, `sql`, or `auto` (default): as the folder does. */
  readonly format?: string | undefined;
  /** Format of the newest migration, which its name alone does not tell. */
  readonly newestFormat?: string | undefined;
  /** Default: as the folder does, else timestamps (numbers for the format `module`). */
  readonly versions?: 'timestamp' | 'number' | undefined;
  /** Default: as the newest file, else `sql` for SQL databases and `ts` for others. */
  readonly language?: NewLanguage | undefined;
  /** A task by name (see templates/tasks), or the text of a template of the project's own. */
  readonly template?: string | OwnTemplate | undefined;
  /** For class migrations: who writes it. */
  readonly author?: string | undefined;
  /** Of a layout that has the classes' thin files: where they are, from the new file. */
  readonly utils?: string | undefined;
  /** Default: now. */
  readonly now?: Date | undefined;
}

/** A file of the project's own in `templates/`. */
export interface OwnTemplate {
  readonly text: string;
  /** With the dot. */
  readonly extension: string;
}

export interface NewFile {
  /** Relative to the migrations folder. */
  readonly path: string;
  readonly content: string;
}

/** What a template is filled with. */
export interface TemplateValues {
  readonly version: string;
  readonly stem: string;
  readonly description: string;
  readonly driver: DriverName;
  readonly syntax: 'ts' | 'esm' | 'cjs';
}

/**
 * Renders a new migration in the style of its folder. Pure: writes nothing.
 *
 * @throws GODWIT_USAGE when the name has no letter or digit, is longer than 100
 *   characters, or format and language do not fit
 * @example
 * renderNewMigration({ name: 'add users', existing: ['001_a.sql'], driver: 'postgres' });
 * // { files: [{ path: '002_add_users.sql', … }, { path: '002_add_users.down.sql', … }] }
 */
export function renderNewMigration(options: NewMigrationOptions): { readonly files: NewFile[] } {
  const { existing, driver, now = new Date() } = options;
  const style = newestStyle(existing);
  const format = chooseFormat(options, style?.base);
  const language = chooseLanguage(options, format, style?.base);
  const numbered = !style && format === 'module' ? 'number' : undefined;
  const like = style ? existing : [...existing, ...(format === 'class' ? [CLASS_STYLE] : [])];
  const version = nextVersion(options.versions ?? numbered, like, now);
  const slug = slugOf(options.name, format === 'class' ? '-' : (style?.separator ?? '_'));
  const stem = stemOf(version, style?.separator ?? '_', slug);
  const description = slug.replace(/[_-]+/g, ' ');
  const task = taskOf(options.template, format);
  if (format === 'sql') return { files: sqlTemplates({ stem, description }, style?.base) };
  const syntax = language === 'ts' ? 'ts' : language === 'cjs' ? 'cjs' : 'esm';
  const values: TemplateValues = { version, stem, description, driver, syntax };
  const extension = extensionOf(language, format, style?.base);
  const file = (content: string, ending = extension) => ({
    files: [{ path: `${stem}${ending}`, content }],
  });
  if (typeof options.template === 'object') {
    const { text, extension: ending } = options.template;
    return file(fillTemplate(text, slug, description, options.author ?? ''), ending);
  }
  if (format === 'class') {
    const of: ClassValues = {
      className: classNameOf(slug),
      description: sentence(description),
      author: options.author ?? '',
      // Plain JavaScript requires: that is what the guide's files do.
      syntax: language === 'js' ? 'cjs' : syntax,
      utils: options.utils,
    };
    return file(classTemplate(of, task));
  }
  if (task) return file(taskTemplate({ description, syntax }, task));
  return file(format === 'module' ? moduleTemplate(values) : godwitTemplate(values));
}

/** How the guide of class migrations names its files. */
const CLASS_STYLE = '2000-01-01T00-00-00_first.js';

function taskOf(template: NewMigrationOptions['template'], format: FormatName): Task | undefined {
  if (typeof template !== 'string') return undefined;
  const task = Object.hasOwn(TASKS, template) ? TASKS[template] : undefined;
  if (task === undefined) {
    throw usage(`There is no template "${template}"; there are ${Object.keys(TASKS).join(', ')}.`);
  }
  if (format === 'sql' || format === 'module') {
    throw usage(`The template "${template}" is for class migrations and defineMigration.`);
  }
  return task;
}

/** `TemplateName`, 'TEMPLATE_DESCRIPTION' and 'TEMPLATE_AUTHOR' stand for what differs. */
function fillTemplate(text: string, slug: string, description: string, author: string): string {
  const safe = (value: string): string => value.replace(/['"`\\\r\n]/g, ' ');
  return text
    .replaceAll('TemplateName', classNameOf(slug))
    .replaceAll('TEMPLATE_DESCRIPTION', safe(sentence(description)))
    .replaceAll('TEMPLATE_AUTHOR', safe(author));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function chooseFormat(options: NewMigrationOptions, newest: string | undefined): FormatName {
  const { format = 'auto', language, newestFormat, driver } = options;
  if (isFormatName(format)) {
    if ((format === 'sql') === (language === 'sql') || language === undefined) return format;
    throw usage(`The format "${format}" is not written in "${language}".`);
  }
  if (format !== 'auto') throw usage(`There is no format "${format}".`);
  if (language === 'sql') return 'sql';
  const isSqlFolder = newest ? /\.sql$/i.test(newest) : driver !== 'mongodb';
  if (language === undefined && isSqlFolder) return 'sql';
  return isFormatName(newestFormat) && requires(newestFormat) ? newestFormat : 'godwit';
}

function isFormatName(name: string | undefined): name is FormatName {
  return name === 'godwit' || name === 'module' || name === 'class' || name === 'sql';
}

function chooseLanguage(
  { language, newestFormat }: NewMigrationOptions,
  format: FormatName,
  newest: string | undefined,
): NewLanguage {
  if (language) return language;
  const extension = codeExtension(newest);
  if (extension === '.mjs') return 'mjs';
  if (extension === '.cjs') return 'cjs';
  if (extension !== undefined && isTypeScript(extension)) return 'ts';
  if (requires(format) || requires(newestFormat)) return 'cjs';
  return extension === '.js' ? 'js' : 'ts';
}

/** Formats that are written with `require` and `module.exports`. */
function requires(format: string | undefined): boolean {
  return format === 'module' || format === 'class';
}

function extensionOf(
  language: NewLanguage,
  format: FormatName,
  newest: string | undefined,
): string {
  const extension = codeExtension(newest);
  if (language === 'ts') return extension && isTypeScript(extension) ? extension : '.ts';
  if (language !== 'cjs') return `.${language}`;
  if (extension === '.js' || extension === '.cjs') return extension;
  return requires(format) ? '.js' : '.cjs';
}

function codeExtension(base: string | undefined): string | undefined {
  const extension = base && /\.[^.]+$/.exec(base)?.[0];
  return extension && CODE_EXTENSIONS.includes(extension) ? extension : undefined;
}

/** Letters and digits of any script, joined by the folder's separator. */
function slugOf(name: string, separator: string): string {
  const joint = separator === '-' ? '-' : '_';
  const text = /\s/.test(name.trim()) ? name.trim().toLowerCase() : name.trim();
  const slug = text
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}_-]+/gu, joint)
    .replace(/^[_-]+|[_-]+$/g, '');
  if (slug === '') throw usage(`"${name}" gives no file name.`);
  if ([...slug].length > 100) throw usage('The name is longer than 100 characters.');
  return slug;
}

/** Falls back to `_` where the name would be read as a part of the version. */
function stemOf(version: string, separator: string, slug: string): string {
  const stem = `${version}${separator}${slug}`;
  const read = splitVersionedName(stem);
  const isSame = read?.version === canonicalVersion(version) && read.name === slug;
  return isSame ? stem : `${version}_${slug}`;
}

function usage(message: string): GodwitError {
  return new GodwitError('GODWIT_USAGE', message, { next: ['godwit create add_users'] });
}
