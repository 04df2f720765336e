import { describe, expect, it } from 'vitest';
import { hasDown } from '../../../src/formats/code-outline.ts';

const WITH = {
  'an arrow in module.exports':
    'module.exports = { up: async (db) => {}, down: async (db) => { x(); } };',
  'a method': 'module.exports = { async up(db, client) {}, async down(db, client) {} };',
  shorthand: 'async function up() {}\nasync function down() {}\nmodule.exports = { up, down };',
  'a trailing shorthand': 'module.exports = {\n  up,\n  down\n}',
  defineMigration: 'export default defineMigration({ up(ctx) { f({}) }, down(ctx) {} });',
  'defineMigration with types':
    'export default defineMigration<MongoContext<Db>>({ up(c) {}, async down(c) {} });',
  'compiled defineMigration':
    'exports.default = (0, godwit_1.defineMigration)({ up() {}, down() {} });',
  'exports.down': 'exports.up = async () => {};\nexports.down = async () => {};',
  'export const': 'export const up = async () => {};\nexport const down = async () => {};',
  'typed export const': 'export const up = 1;\nexport const down: Step = async () => {};',
  'export function': 'export async function up() {}\nexport async function down() {}',
  'an export list': 'const up = 1, down = 2;\nexport { up, down };',
  'a renamed export': 'export { forwards as up, backwards as down };',
  'export default object': 'export default { up: () => 1, down: () => 2 };',
  'export =': 'export = { up: () => 1, down: () => 2 };',
  'template and regexp in between':
    'module.exports = { up: () => `}${`{`}{` + /[}{/]/.source, down() {} };',
};

const WITHOUT = {
  'no down at all': "module.exports = { version: 4, description: 'x', up: async (db) => {} };",
  'down in a comment': 'module.exports = { up: async () => {} /* down: later */ }; // down',
  'down in a string': "module.exports = { description: 'down: with it', up: async () => {} };",
  'down deeper':
    'module.exports = { up: async (db) => { await db.x({ $set: { down: 1 } }); down(); } };',
  null: 'module.exports = { up() {}, down: null };',
  false: 'exports.up = () => {};\nexports.down = false;',
  undefined: 'export const up = () => {};\nexport const down = undefined;',
  'named without': 'export const up = async () => {};',
};

const UNSURE = {
  spread: 'module.exports = { ...base, up() {} };',
  're-export': "export * from './base.js';",
  required: "module.exports = require('./base');",
  'a variable': 'const m = { up() {}, down() {} };\nmodule.exports = m;',
  'a class': 'export default class X extends Base {}',
  'Object.assign': 'Object.assign(module.exports, steps);\nexports.up = 1;',
};

describe('hasDown', () => {
  it.each(Object.entries(WITH))('sees %s', (_, source) => expect(hasDown(source)).toBe(true));
  it.each(Object.entries(WITHOUT))('sees none: %s', (_, source) =>
    expect(hasDown(source)).toBe(false),
  );
  it.each(Object.entries(UNSURE))('does not guess: %s', (_, source) =>
    expect(hasDown(source)).toBeUndefined(),
  );
});
