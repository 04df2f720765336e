// Settings of a whole process, so for one that is godwit's own.
import { setFlagsFromString } from 'node:v8';

/**
 * V8 lets the heap grow to four times what it holds before it collects: of rows that come
 * and go that is all garbage. Measured with 600,000 documents through JavaScript: 132 MB
 * over what the process had before become 60, in about the same time.
 */
export function collectSooner(): void {
  set('--heap-growing-percent=50');
  // As V8 has it. Without (see main.ts) it was 25 MB more at 300,000 documents.
  set('--incremental-marking');
}

/**
 * V8 compiles a WebAssembly function anew, and better, after it ran for a moment. Of PGlite,
 * which is large, that is a third of the processor's time that a short command takes; long
 * work comes to it with a budget a hundred times as large too. Measured: `status` 2.1 s of
 * processor time, with this 1.4 s; an `up` that works on 400,000 rows 6.6 s, with this 6.2 s.
 */
export function compileLater(): void {
  set('--wasm-tiering-budget=200000000');
}

function set(flag: string): void {
  try {
    setFlagsFromString(flag);
  } catch {
    // A runtime without V8 goes without: nothing depends on it.
  }
}
