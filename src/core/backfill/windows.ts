const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const DAY_MINUTES = 24 * 60;
const WINDOW = /^(?:(?<days>[a-z,-]+)\s+)?(?<from>\d{1,2}:\d{2})\s*-\s*(?<to>\d{1,2}:\d{2})$/i;

/** Times of day in which work may be done, in local time. */
export interface Window {
  /** Days on which it opens, 0 is Sunday. */
  readonly days: ReadonlySet<number>;
  /** Minutes after midnight. */
  readonly from: number;
  /** After `from`; more than a day's minutes when it ends on the next day. */
  readonly to: number;
}

/**
 * Reads `22:00-06:00`, `sat,sun 00:00-24:00` or `mon-fri 20:00-06:00`.
 *
 * @returns undefined when it is none of these
 */
export function parseWindow(text: string): Window | undefined {
  const groups = WINDOW.exec(text.trim())?.groups;
  if (!groups) return undefined;
  const days = parseDays(groups['days']);
  const from = parseTime(groups['from'] ?? '');
  const to = parseTime(groups['to'] ?? '');
  if (days === undefined || from === undefined || to === undefined || from === to) return undefined;
  return { days, from, to: to > from ? to : to + DAY_MINUTES };
}

function parseTime(text: string): number | undefined {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  const total = hours * 60 + minutes;
  return minutes < 60 && total <= DAY_MINUTES ? total : undefined;
}

function parseDays(text: string | undefined): ReadonlySet<number> | undefined {
  if (text === undefined) return new Set(DAYS.keys());
  const days = new Set<number>();
  for (const part of text.toLowerCase().split(',')) {
    const [first, last = first] = part.split('-').map((name) => DAYS.indexOf(name as 'sun'));
    if (first === undefined || last === undefined || first < 0 || last < 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

/** How long until one of the windows is open, in ms; 0 when one is, or there is none. */
export function untilOpen(windows: readonly Window[], now: Date): number {
  if (windows.length === 0) return 0;
  const minute = now.getHours() * 60 + now.getMinutes() + now.getSeconds() / 60;
  let shortest = Number.POSITIVE_INFINITY;
  for (const { days, from, to } of windows) {
    // Yesterday's window may reach into today; the next one opens within a week.
    for (let ahead = -1; ahead <= 7; ahead++) {
      if (!days.has((now.getDay() + ahead + 7) % 7)) continue;
      const opens = ahead * DAY_MINUTES + from - minute;
      const closes = ahead * DAY_MINUTES + to - minute;
      if (opens <= 0 && closes > 0) return 0;
      if (opens > 0) shortest = Math.min(shortest, opens);
    }
  }
  return shortest * 60_000;
}
