// Preloaded with `node --import`: writes the most memory that the process ever held, in MB,
// into the file that GODWIT_BENCH_PEAK names, a line for each run.
import { appendFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.GODWIT_BENCH_PEAK;
if (file && isMainThread) {
  process.once('exit', () => {
    appendFileSync(file, `${Math.round(process.resourceUsage().maxRSS / 1024)}\n`);
  });
}
