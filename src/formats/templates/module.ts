import { canonicalVersion } from '../../core/ordering.ts';
import type { TemplateValues } from '../create.ts';

/** One object with `version`, `description`, `up(db)` and `down(db)`. */
export function moduleTemplate(values: TemplateValues): string {
  const { description, driver, stem, syntax } = values;
  const [handle, example] =
    driver === 'mongodb'
      ? ['db', "await db.collection('users').updateMany({}, { $set: { theme: 'light' } });"]
      : ['client', "await client.query('alter table users add column theme text');"];
  const parameter = syntax === 'ts' ? `${handle}: ${typeOf(driver)}` : handle;
  return `${opening(values)} {
  version: ${versionLiteral(values.version)},
  description: '${description}',

  up: async (${parameter}) => {
    // ${example}
  },

  // Takes back what up does. Delete it if there is no way back.
  down: async (${parameter}) => {
    throw new Error('down of ${stem} is not written yet');
  },
};
`;
}

function opening({ syntax, driver }: TemplateValues): string {
  if (syntax === 'cjs') return 'module.exports =';
  const name = typeOf(driver);
  if (syntax === 'esm') return 'export default';
  const from = driver === 'mongodb' ? 'mongodb' : 'godwit';
  return `import type { ${name} } from '${from}';\n\nexport default`;
}

function typeOf(driver: TemplateValues['driver']): string {
  return driver === 'mongodb' ? 'Db' : 'SqlClient';
}

/** A number where one holds it exactly, else a text. */
function versionLiteral(version: string): string {
  const canonical = canonicalVersion(version);
  const isNumber = /^\d+$/.test(canonical) && Number.isSafeInteger(Number(canonical));
  return isNumber ? canonical : `'${canonical}'`;
}
