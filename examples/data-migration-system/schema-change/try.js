// The guide's schema change template builds a unique index before it removes duplicates. It is
// put into pending/ and run: godwit says which documents stand in its way. Then the template
// with the two steps in the other order is put in its place.
const { copyFileSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { spawnSync } = require('node:child_process');

const root = resolve(__dirname, '..');
const target = join(root, 'migrations/pending/2024-02-01T09-00-00_schema-change.js');

function up(file) {
  copyFileSync(join(__dirname, file), target);
  console.log(`\n== ${file}`);
  const { status } = spawnSync(process.execPath, ['migrations/migrate.js', 'up'], {
    cwd: root,
    stdio: 'inherit',
  });
  return status;
}

const refused = up('as-in-the-guide.js');
const done = up('duplicates-first.js');
process.exitCode = refused === 1 && done === 0 ? 0 : 1;
