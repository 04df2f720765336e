import type { Growth, Sample } from './growth.ts';

const [WIDTH, HEIGHT, LEFT, TOP, GAP] = [720, 200, 60, 40, 70];
const COLOURS = ['#1b6ca8', '#d1495b', '#3c887e', '#8d6a9f', '#c77f1a', '#555555'];

/** Rows a second and memory over time, one line a run, as SVG. */
export function drawGrowth(all: readonly Growth[], title: string): string {
  const panels = [
    panel(all, 'rows a second (thousands)', 0, (samples) => rates(samples)),
    panel(all, 'memory, MB', 1, (samples) => samples.map(({ atMs, memory }) => [atMs, memory])),
  ];
  const names = all.map(
    ({ label, count }, i) =>
      `<text x="${LEFT + (i % 3) * 220}" y="${TOP + 2 * (HEIGHT + GAP) + 16 * Math.floor(i / 3)}" fill="${COLOURS[i % COLOURS.length]}">${label}, ${count.toLocaleString('en')} rows</text>`,
  );
  const height = TOP + 2 * (HEIGHT + GAP) + 40;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${height}" font-family="sans-serif" font-size="12">
<title>${title}</title>
<rect width="100%" height="100%" fill="white"/>
<text x="${LEFT}" y="20" font-size="14">${title}</text>
${[...panels, ...names].join('\n')}
</svg>
`;
}

function panel(
  all: readonly Growth[],
  label: string,
  place: number,
  points: (samples: readonly Sample[]) => (readonly [number, number])[],
): string {
  const lines = all.map(({ samples, wallMs }) => ({ wallMs, line: points(samples) }));
  const most = Math.max(1, ...lines.flatMap(({ line }) => line.map(([, y]) => y)));
  const top = TOP + place * (HEIGHT + GAP);
  const bottom = top + HEIGHT;
  // Each run over its own time: the longest would hide the others.
  const drawn = lines.map(({ line, wallMs }, i) => {
    const path = line.map(([x, y]) => {
      const right = LEFT + (x / Math.max(wallMs, 1)) * WIDTH;
      return `${right.toFixed(1)},${(bottom - (y / most) * HEIGHT).toFixed(1)}`;
    });
    return `<polyline fill="none" stroke="${COLOURS[i % COLOURS.length]}" stroke-width="1.5" points="${path.join(' ')}"/>`;
  });
  return `<text x="${LEFT}" y="${top - 6}">${label}; the time of each run, from its start to its end</text>
<path d="M${LEFT},${top}V${bottom}H${LEFT + WIDTH}" fill="none" stroke="#999"/>
<text x="${LEFT - 6}" y="${top + 10}" text-anchor="end">${most >= 10 ? Math.round(most) : most.toFixed(1)}</text>
<text x="${LEFT - 6}" y="${bottom}" text-anchor="end">0</text>
${drawn.join('\n')}`;
}

/** Over a second each, because progress is told four times a second. */
function rates(samples: readonly Sample[]): [number, number][] {
  return samples.flatMap((sample, i) => {
    const before = samples[Math.max(0, i - 5)];
    if (!before || before === sample) return [];
    const rate = (sample.done - before.done) / (sample.atMs - before.atMs);
    return [[sample.atMs, rate] as [number, number]];
  });
}
