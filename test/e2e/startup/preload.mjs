// Notes every module that a process loads, for test/e2e/startup/loaded.test.ts.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

const hook = `
import { appendFileSync } from 'node:fs';
export async function resolve(specifier, context, next) {
  const found = await next(specifier, context);
  appendFileSync(process.env.GODWIT_TEST_LOADED, found.url + '\\n');
  return found;
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { cache } = createRequire(import.meta.url);
process.on('exit', () => {
  appendFileSync(process.env.GODWIT_TEST_LOADED, `${Object.keys(cache).join('\n')}\n`);
});
