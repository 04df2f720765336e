import cuid from '@bugsnag/cuid';
import { init } from '@paralleldrive/cuid2';

const makers = new Map<number, () => string>();

/** A cuid2 of so many characters, 2 to 32. */
export function drawCuid2(length: number): string {
  let make = makers.get(length);
  if (make === undefined) {
    make = init({ length });
    makers.set(length, make);
  }
  return make();
}

/** As the first cuid was, which tells its time and its machine: for old data only. */
export function drawCuid(): string {
  return cuid();
}
