// The bin in a few files of CommonJS. esbuild splits only modules, and into a file for each set
// of commands that share something: a command would open sixty, and a file costs more than
// what is in it. So what one command reads is packed together again, in a second step.
import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from './steps.mjs';

/** By the sources that are loaded lazily. A pack holds what these need and no earlier pack has. */
const PACKS = {
  start: ['cli/process.ts', 'cli/commands/status.ts', 'app/create-migrator.ts', 'app/status.ts'],
  postgres: ['drivers/postgres/driver.ts'],
  mongodb: ['drivers/mongodb/driver.ts'],
  run: ['cli/commands/up.ts', 'app/run/commands.ts'],
  'mongodb-run': ['drivers/mongodb/session.ts'],
  'postgres-run': [
    'drivers/postgres/acquire.ts',
    'drivers/postgres/session.ts',
    'drivers/postgres/execute-series.ts',
  ],
};

// Stack traces and `instanceof` messages stay readable; size is not what costs.
const SHORT = {
  minifySyntax: true,
  minifyWhitespace: true,
  target: 'node20.19',
  // Or `/\p{L}/u` becomes `new RegExp`, which is compiled wherever it stands, in loops too.
  supported: { 'regexp-unicode-property-escapes': true },
};

/** What `import.meta.url` is in CommonJS, where something asks for it. */
const URL_NAME = 'godwitUrl';
const URL_BANNER = `const ${URL_NAME} = require('node:url').pathToFileURL(__filename).href;\n`;

/**
 * @param folder where `main.js` and its chunks go
 * @param external packages that are loaded by their own name at run time
 */
export async function bundle(folder, external) {
  const esbuild = await import('esbuild');
  const chunks = await split(esbuild, external);
  const packOf = assignPacks(chunks);
  const names = new Set(packOf.values());
  const cold = [...chunks.keys()].filter((name) => !packOf.has(name));
  const { outputFiles } = await esbuild.build({
    ...SHORT,
    absWorkingDir: ROOT,
    entryPoints: [...names, ...cold].map((name) => ({
      in: `entry:${name}`,
      out: basename(name, '.js'),
    })),
    outdir: folder,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external,
    write: false,
    logLevel: 'warning',
    plugins: [packing(chunks, packOf)],
  });
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of outputFiles) writeFileSync(path, withUrl(text));
  chmodSync(join(folder, 'main.js'), 0o755);
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
  dropOthers(folder, new Set(outputFiles.map(({ path }) => basename(path))));
}

/**
 * The command line as modules, by file name: their code, the source each was made for (where
 * one was), what they export and which of the others they import.
 */
async function split(esbuild, external) {
  const { outputFiles, metafile } = await esbuild.build({
    ...SHORT,
    absWorkingDir: ROOT,
    entryPoints: { main: join(ROOT, 'src/cli/main.ts') },
    outdir: join(ROOT, 'dist/cli'),
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external,
    define: { 'import.meta.url': URL_NAME },
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const texts = new Map(outputFiles.map(({ path, text }) => [basename(path), text]));
  // It sets the process up before anything is loaded: esbuild's helpers, too, which it never uses.
  const inputs = (name) => Object.keys(metafile.outputs[`dist/cli/${name}`].inputs);
  texts.set(
    'main.js',
    texts.get('main.js').replace(BARE_IMPORT, (_bare, name) => {
      if (inputs(name).length === 0) return '';
      throw new Error(`src/cli/main.ts needs ${inputs(name)} before it: load it lazily.`);
    }),
  );
  return new Map(
    Object.entries(metafile.outputs).map(([path, { entryPoint, exports, imports }]) => [
      basename(path),
      {
        text: texts.get(basename(path)),
        source: entryPoint?.replace(/^src\//, ''),
        exports,
        imports: imports
          .filter((one) => !one.external && one.kind === 'import-statement')
          .map((one) => basename(one.path)),
      },
    ]),
  );
}

/** @returns pack file by chunk */
function assignPacks(chunks) {
  const packOf = new Map();
  const add = (name, pack) => {
    if (name === 'main.js' || packOf.has(name)) return;
    packOf.set(name, pack);
    for (const one of chunks.get(name).imports) add(one, pack);
  };
  for (const one of chunks.get('main.js').imports) add(one, 'start.js');
  for (const [pack, sources] of Object.entries(PACKS)) {
    if (pack === 'mongodb-run') for (const name of shared()) add(name, 'run.js');
    for (const source of sources) add(chunkOf(source), `${pack}.js`);
  }
  return packOf;

  /** What both kinds of database need to run: neither is to load the other's pack for it. */
  function shared() {
    const [mongodb, postgres] = [PACKS['mongodb-run'], PACKS['postgres-run']].map((sources) =>
      reached(sources.map(chunkOf)),
    );
    return [...mongodb].filter((name) => postgres.has(name));
  }

  function reached(names, found = new Set()) {
    for (const name of names) {
      if (found.has(name)) continue;
      found.add(name);
      reached(chunks.get(name).imports, found);
    }
    return found;
  }

  function chunkOf(source) {
    const [name] = [...chunks].find(([, chunk]) => chunk.source === source) ?? [];
    if (name !== undefined) return name;
    // Moved, or no longer lazy: the pack would quietly lose it.
    throw new Error(`PACKS in scripts/bundle.mjs: nothing loads src/${source} lazily.`);
  }
}

/** Resolves chunks: within a pack to each other, from outside to the pack's exports. */
function packing(chunks, packOf) {
  const home = (name) => packOf.get(name) ?? name;
  const within = (pack) => [...chunks.keys()].filter((name) => packOf.get(name) === pack);
  return {
    name: 'packing',
    setup(build) {
      build.onResolve({ filter: /^entry:/ }, ({ path }) => {
        const name = path.slice('entry:'.length);
        return chunks.has(name)
          ? { path: name, namespace: name }
          : { path: name, namespace: 'pack' };
      });
      build.onResolve({ filter: /^\.\// }, ({ path, importer, namespace, kind }) => {
        const name = basename(path);
        const here = namespace === 'pack' ? importer : namespace;
        const lazy = kind === 'require-call';
        if (!lazy && home(name) === here) return { path: name, namespace: here };
        if (!lazy && packOf.has(name)) return { path: name, namespace: 'outside' };
        // Once in a file, however many of its chunks are used.
        if (namespace === 'outside') return { path: name, namespace: 'whole' };
        return { path, external: true };
      });
      build.onLoad({ filter: /./, namespace: 'pack' }, ({ path }) => ({
        contents: within(path)
          .map((name) => exportsOf(chunks, name))
          .join('\n'),
      }));
      build.onLoad({ filter: /./, namespace: 'outside' }, ({ path: name }) => {
        const list = chunks.get(name).exports.map((one) => `${inPack(name, one)} as ${one}`);
        return { contents: `export {${list.join()}} from "./${home(name)}";` };
      });
      build.onLoad({ filter: /./, namespace: 'whole' }, ({ path: pack }) => {
        const list = within(pack).flatMap((name) =>
          chunks.get(name).exports.map((one) => inPack(name, one)),
        );
        return { contents: `export {${list.join()}} from "./${pack}";` };
      });
      build.onLoad({ filter: /\.js$/ }, ({ path: name, namespace }) => ({
        contents: chunks
          .get(name)
          .text.replace(OWN_IMPORT, (whole, wanted) => lazily(whole, wanted, namespace)),
      }));
    },
  };

  /** `import("./chunk.js")` of what is elsewhere. */
  function lazily(whole, wanted, here) {
    const file = home(wanted);
    if (file === here) return whole;
    const of = packOf.has(wanted) ? `.${inPack(wanted, '')}` : '';
    return `Promise.resolve().then(()=>require("./${file}")${of})`;
  }
}

/** The import of another chunk for nothing but that it runs first. */
const BARE_IMPORT = /\bimport"\.\/([\w-]+\.js)";/g;

/** The dynamic import of another chunk. */
const OWN_IMPORT = /\bimport\("\.\/([\w-]+\.js)"\)/g;

/** A pack's exports of one chunk: each by itself, and all of one that is loaded lazily. */
function exportsOf(chunks, name) {
  const { exports, source } = chunks.get(name);
  const list = exports.map((one) => `${one} as ${inPack(name, one)}`);
  const whole = source === undefined ? '' : `export * as ${inPack(name, '')} from "./${name}";`;
  return `export {${list.join()}} from "./${name}";${whole}`;
}

function inPack(chunk, name) {
  return `${basename(chunk, '.js').replaceAll('-', '_')}$${name}`;
}

function withUrl(text) {
  return text.includes(URL_NAME) ? text.replace(/^(#!.*\n)?/, `$1${URL_BANNER}`) : text;
}

/** What this build did not write is from an earlier one. */
function dropOthers(folder, written) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const stale = /\.(js|d\.ts)$/.test(name) && !written.has(name);
    if (stale) rmSync(join(folder, name), { force: true });
  }
}
