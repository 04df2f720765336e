#!/usr/bin/env node
// node migrations/migrate.js up | down [--all] | status | list | history | create <name>
const { dirname, join, resolve } = require('node:path');

const manifest = require.resolve('godwit/package.json');
process.chdir(resolve(__dirname, '..'));
require(join(dirname(manifest), require(manifest).bin.godwit));
