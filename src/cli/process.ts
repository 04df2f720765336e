import { processEnding, processIo } from './io.ts';
import { watchEnding } from './last-words.ts';
import { run } from './run.ts';

/** The command line as a process: its arguments in, its exit code out. */
export function runProcess(): void {
  const argv = process.argv.slice(2);
  const io = processIo();
  const done = watchEnding(processEnding(io.flush), argv);
  void run(argv, io).then((code) => {
    done();
    process.exitCode = code;
    // Handles that a migration left open must not keep the process; what was written must out.
    io.flush(() => process.exit(code));
  });
}
