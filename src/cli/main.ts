#!/usr/bin/env node
import module from 'node:module';

// Newer Node keeps what it compiled, godwit and the driver, for the next start. It needs no
// more than to be asked before anything is loaded.
(module as { enableCompileCache?(): unknown }).enableCompileCache?.();

// No top-level await: the bundle is CommonJS, which starts faster.
void import('./process.ts').then(({ runProcess }) => runProcess());
