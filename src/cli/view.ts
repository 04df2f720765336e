import type { GodwitEvent } from '../events.ts';
import type { Target } from '../ports/driver.ts';
import type { GlobalValues } from './global-options.ts';
import type { Io, Output } from './io.ts';
import { renderEvents, targetText } from './render/events.ts';
import { jsonDocument, jsonLine } from './render/json.ts';
import { createLive } from './render/live.ts';
import { hasUnicode, isPerson, makeStyle, type Style, wantsColor } from './render/style.ts';

export type Mode = 'text' | 'json' | 'json-lines';

/** Everything that is shown goes through here, and to the right stream. */
export interface View {
  readonly mode: Mode;
  readonly style: Style;
  /** Width of the terminal; undefined when nobody looks. */
  readonly width: number | undefined;
  /** For people: stdout, or stderr when stdout carries JSON. */
  say(text: string): void;
  /** Only when not `--quiet`. */
  note(text: string): void;
  /** What a command is about to work on; once, whoever says it first. */
  target(command: string, target: Target): void;
  /** On stderr, for people. */
  complain(text: string): void;
  /**
   * The command's result: JSON on stdout, or the text for people. With JSON the text is
   * shown, on stderr, only when it is `bad` news.
   */
  result(document: unknown, text: () => string, bad?: boolean): void;
  /** A listener for one migrator's events. */
  events(): (event: GodwitEvent) => void;
  /** Takes back the terminal. */
  close(): void;
}

export function createView(io: Io, globals: GlobalValues): View {
  const mode = modeOf(globals);
  const people: Output = mode === 'text' ? io.stdout : io.stderr;
  const style = makeStyle(wantsColor(people, io.env, globals.color), hasUnicode(io.env));
  const quiet = globals.quiet === true;
  const live = createLive(people, isPerson(people, io.env) && !quiet);
  const say = (text: string) => live.around(() => people.write(text));
  // What a migration prints must neither break the JSON nor be overdrawn.
  const restore = io.divert?.((text) =>
    live.around(() => (mode === 'text' ? io.stdout : io.stderr).write(text)),
  );
  const shown = new Set<string>();
  return {
    mode,
    style,
    width: people.isTTY ? people.columns || undefined : undefined,
    say,
    note: (text) => quiet || say(text),
    target(command, target) {
      const text = targetText(command, target, style);
      if (!quiet && !shown.has(text)) say(`${text}\n`);
      shown.add(text);
    },
    complain: (text) => live.around(() => io.stderr.write(text)),
    result(document, text, bad = false) {
      if (mode === 'text') say(text());
      else {
        if (bad) say(text());
        io.stdout.write(
          mode === 'json' ? jsonDocument(document) : jsonLine({ type: 'result', result: document }),
        );
      }
    },
    events() {
      const show = renderEvents({
        style,
        live,
        quiet,
        shown,
        verbose: globals.verbose === true,
        write: say,
      });
      return (event) => {
        if (mode === 'json-lines') io.stdout.write(jsonLine(event));
        show(event);
      };
    },
    close() {
      live.hide();
      restore?.();
    },
  };
}

function modeOf({ json, jsonLines }: GlobalValues): Mode {
  if (jsonLines) return 'json-lines';
  return json ? 'json' : 'text';
}
