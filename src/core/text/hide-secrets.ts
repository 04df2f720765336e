/** Names of fields and of environment variables whose value nobody should read. */
export const SECRET_NAME =
  /pass(word|wd|phrase)?$|^pwd$|secret|token$|api[-_]?key|service_role_key|anon_key|private[-_]?key|access[-_]?key|authorization|credential/i;

/** `ALTER ROLE app PASSWORD '…'`, and options of that kind in other statements. */
const LITERAL =
  /\b(password|passwd|pwd|secret|token|api[-_]?key)(\s*(?:=>|[=:])\s*|\s+)(E?'(?:[^'\\]|''|\\.)*(?:'|…?$)|(\$\w*\$)[\s\S]*?(?:\4|…?$))/gi;

/** Shorter values are found by chance in all kinds of words. */
const SHORTEST = 4;

/**
 * A text about SQL that is shown and recorded, without the passwords that the SQL has.
 *
 * @param variables the project's; those with the name of a secret are told by their name
 * @example
 * hideSecrets("alter role app password 'x'", {}); // "alter role app password '***'"
 */
export function hideSecrets(text: string, variables: Readonly<Record<string, string>>): string {
  let clean = text;
  const known = Object.entries(variables)
    .filter(([name, value]) => SECRET_NAME.test(name) && value.length >= SHORTEST)
    .sort(([, a], [, b]) => b.length - a.length);
  for (const [name, value] of known) clean = clean.replaceAll(value, () => `\${${name}}`);
  return clean.replace(LITERAL, (_, word: string, between: string) => `${word}${between}'***'`);
}

/** The same in code and JSON, with all kinds of quotes; and the password of a URL. */
const IN_CODE =
  /\b(\w*(?:password|passwd|pwd|secret|token|api[-_]?key))(["'`]?\s*(?:=>|[=:])\s*|\s+)(E?'(?:[^'\\]|''|\\.)*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$)|`(?:[^`\\]|\\.)*(?:`|$))/gi;
const URL_PASSWORD = /(:\/\/[^\s:@/'"`]*):[^\s@/'"`]+@/g;

/**
 * A line of somebody's own file as it may be shown: on a build server others read it.
 *
 * @example
 * hideInLine("create role app password 'x';"); // "create role app password '***';"
 */
export function hideInLine(line: string): string {
  return line
    .replace(URL_PASSWORD, '$1:***@')
    .replace(IN_CODE, (_, word: string, between: string) => `${word}${between}'***'`);
}
