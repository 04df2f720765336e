#!/usr/bin/env node
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { keepCompiledCode } from './compile-cache.ts';

const { enableCompileCache } = module as { enableCompileCache?(): unknown };

// Before Node 22, V8 has nothing between code as it comes and the best it can make, which it
// makes of what ran for a moment: of much that a short process runs no more. Code that runs
// long comes to it seven times as late, which nobody notices. Measured: `up` of 1,000 SQL files
// takes a third less of the processor's time. Other V8s do not know this setting. Not in v8.ts:
// that is bundled with what must not be loaded before.
if (Number.parseInt(process.versions.node, 10) < 22) {
  setFlagsFromString('--interrupt-budget=500000');
}

const is = (...commands: readonly string[]) => commands.some((one) => process.argv.includes(one));

// While V8 marks in small steps, what is old costs more and dies later. The steps are there for
// short pauses, and nobody waits for the next frame of a migration. Measured: `up` of 1,000 SQL
// files takes a tenth less of the processor's time. Work on many rows has them again (v8.ts).
if (is('up', 'migrate', 'status')) setFlagsFromString('--no-incremental-marking');

// What a start loads stays: V8 copies it again and again while its space for what is new grows
// step by step. In one step, `status` on MongoDB takes a twentieth less of the processor's time.
// Not for work on many rows, which then holds 30 MB more.
if (is('status')) setFlagsFromString('--semi-space-growth-factor=16');

// What was compiled, godwit and the driver, is kept for the next start. After the settings, on
// which it depends, and before anything else is loaded.
if (enableCompileCache) enableCompileCache();
else keepCompiledCode(fileURLToPath(new URL('.', import.meta.url)), process.argv[2]);

// No top-level await: the bundle is CommonJS, which starts faster.
void import('./process.ts').then(({ runProcess }) => runProcess());
