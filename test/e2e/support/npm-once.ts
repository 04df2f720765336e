import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `npm run NAME [--] WORDS` and `npx [--no-install] godwit`, where a command begins. */
const RUN = /(?<=^|&& )npm run ([\w:-]+)(?: --(?= ))?/gm;
const NPX = /(?<=^|&& )npx (?:--no-install )?godwit(?= |$)/gm;

/**
 * Types what goes through npm really so the first time, each script by itself and `npx`; when
 * it is typed again npm is left out, because it takes a second to start what then takes a
 * tenth of one. Scripts that call programs of node_modules/.bin need npm each time.
 *
 * @param folder where package.json is
 * @returns the command to type instead
 * @example
 * const type = npmOnce(folder);
 * type('npm run migrate:up 2'); // itself
 * type('npm run migrate:up 3'); // 'node scripts/migrate.js up 3'
 */
export function npmOnce(folder: string): (command: string) => string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const scripts: Readonly<Record<string, string | undefined>> = manifest.scripts ?? {};
  const typed = new Set<string>();
  const orElse = (whole: string, what: string, instead: string | undefined): string => {
    const isNew = !typed.has(what);
    typed.add(what);
    return isNew || instead === undefined ? whole : instead;
  };
  return (command) =>
    command
      .replace(RUN, (whole, name: string) => orElse(whole, name, plain(scripts, name)))
      .replace(NPX, (whole) => orElse(whole, 'npx', './node_modules/.bin/godwit'));
}

/** The script's text where npm does nothing but run it. */
function plain(
  scripts: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const isWhole = scripts[`pre${name}`] === undefined && scripts[`post${name}`] === undefined;
  const text = scripts[name];
  return isWhole && text !== undefined && /^(node |\.\/)[^&|;]*$/.test(text) ? text : undefined;
}
