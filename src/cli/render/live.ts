import type { Output } from '../io.ts';
import { visibleWidth } from './table.ts';

/** One line at the bottom of a terminal that is drawn again and again. */
export interface Live {
  /** False where nothing is drawn: what matters is then said in lines. */
  readonly enabled: boolean;
  /** Shows what `line` returns, now and every 100 ms. */
  show(line: () => string): void;
  /** Takes the line away for a moment, so that other text can be written. */
  around(write: () => void): void;
  hide(): void;
}

const ERASE = '\r\u001b[2K';

/** Does nothing at all unless `enabled`. */
export function createLive(output: Output, enabled: boolean): Live {
  let line: (() => string) | undefined;
  let timer: NodeJS.Timeout | undefined;
  const draw = () => {
    if (line === undefined) return;
    const text = line();
    // Some terminals say that they are 0 wide.
    const room = (output.columns || 80) - 1;
    output.write(`${ERASE}${visibleWidth(text) > room ? text.slice(0, room) : text}`);
  };
  const erase = () => {
    if (line !== undefined) output.write(ERASE);
  };
  return {
    enabled,
    show(next) {
      if (!enabled) return;
      line = next;
      draw();
      timer ??= setInterval(draw, 100).unref();
    },
    around(write) {
      erase();
      write();
      draw();
    },
    hide() {
      erase();
      clearInterval(timer);
      timer = undefined;
      line = undefined;
    },
  };
}
