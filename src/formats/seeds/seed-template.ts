import { GodwitError } from '../../errors.ts';
import type { DriverName } from '../../ports/context.ts';

export interface NewSeed {
  /** What people typed: `sample jobs`. */
  readonly name: string;
  /** Of the seeds there are. */
  readonly versions: readonly string[];
  readonly driver: DriverName;
  readonly language?: 'ts' | 'js' | 'cjs' | 'mjs' | 'sql' | undefined;
  /** The newest seed's file, whose language is kept. */
  readonly beside?: string | undefined;
}

/** A new seed, numbered after the others. Pure: writes nothing. */
export function renderSeed(options: NewSeed): { readonly file: string; readonly content: string } {
  const slug = options.name
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_-]+/gu, '_')
    .replace(/^[_-]+|[_-]+$/g, '');
  if (slug === '') {
    throw new GodwitError('GODWIT_USAGE', `"${options.name}" gives no file name.`, {
      next: ['godwit create --seed sample_users'],
    });
  }
  const newest = Math.max(0, ...options.versions.map(Number).filter(Number.isSafeInteger));
  const stem = `${String(newest + 1).padStart(3, '0')}_${slug}`;
  const language = options.language ?? languageOf(options.beside) ?? 'ts';
  if (language === 'sql') {
    const content = `-- description: ${slug.replaceAll('_', ' ')}\n-- Runs again without harm, if it says so: on conflict do nothing.\n`;
    return { file: `${stem}.sql`, content };
  }
  return { file: `${stem}.${language}`, content: code(slug, language === 'cjs', options.driver) };
}

function languageOf(file: string | undefined): NewSeed['language'] {
  const extension = /\.([cm]?[jt]s|sql)$/.exec(file ?? '')?.[1];
  if (extension === undefined) return undefined;
  return /ts$/.test(extension) ? 'ts' : (extension as NewSeed['language']);
}

function code(slug: string, commonJs: boolean, driver: DriverName): string {
  const target = driver === 'mongodb' ? 'collection' : 'table';
  const [head, tail] = commonJs
    ? ["const { defineSeed } = require('godwit');\n\nmodule.exports = ", '']
    : ["import { defineSeed } from 'godwit';\n\nexport default ", ''];
  return `${head}defineSeed({
  description: '${slug.replaceAll('_', ' ')}',
  ${target}: 'users',
  // What tells records apart, so that a second time changes nothing.
  key: 'email',
  records: [
    // { email: 'ada@example.com', name: 'Ada' },
  ],
});
${tail}`;
}
