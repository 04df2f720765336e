// One run of one contestant, in a process of its own, because its memory is measured too.
//   node run-one.mjs NAME URL [FOLDER]
// Prints { wallMs, nodeMs, baseMb, peakMb, done }. The base is what the process held when
// everything was loaded and connected.
import { readFileSync } from 'node:fs';

const [, , name = '', url = '', folder = ''] = process.argv;

async function main() {
  const [kind, what] = name.split(':');
  const { [kind]: load } = {
    backup: () => import('./backup.mjs'),
    helper: () => import('./helper.mjs'),
    driver: () => import('./driver.mjs'),
    save: () => import('./save.mjs'),
  };
  const { run, close } = await (await load()).open(url, what, folder);
  const baseMb = memory('VmRSS');
  const cpu = process.cpuUsage();
  const since = performance.now();
  const done = await run();
  const wallMs = performance.now() - since;
  const { user, system } = process.cpuUsage(cpu);
  const peakMb = memory('VmHWM');
  await close();
  const cost = { wallMs, nodeMs: (user + system) / 1000, baseMb, peakMb, done };
  process.stdout.write(JSON.stringify(cost));
}

/** In MB: of Linux, where a peak is kept; elsewhere what Node knows. */
function memory(field) {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  } catch {
    const peak = process.resourceUsage().maxRSS / 1024;
    return field === 'VmHWM' ? peak : process.memoryUsage().rss / 1024 / 1024;
  }
}

await main();
