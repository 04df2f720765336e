import { setImmediate } from 'node:timers/promises';
import type { Group } from './series-group.ts';
import { follows } from './series-message.ts';
import type { Workplace } from './workplace.ts';

/** The message that follows: written and, where that can be, sent while the server is busy. */
export class Ahead {
  readonly group: Promise<Group | undefined>;
  #sent: Group | undefined;
  #withdrawn = false;

  /** @param write writes what follows `before`, which is about to be sent */
  constructor(place: Workplace, before: Group, write: () => Promise<Group | undefined>) {
    this.group = setImmediate().then(write);
    Promise.all([this.group, before.underWay]).then(
      ([group]) => this.#send(place, before, group),
      () => undefined,
    );
  }

  get isSent(): boolean {
    return this.#sent !== undefined;
  }

  get isWithdrawn(): boolean {
    return this.#withdrawn;
  }

  /**
   * Not to be sent any more. One that was sent may have been run all the same, where it
   * cannot be known how the one before it ended.
   *
   * @returns what was sent, when the server is done with it: it may have to be left
   */
  async withdraw(): Promise<Group | undefined> {
    this.#withdrawn = true;
    await this.group.catch(() => undefined);
    await this.#sent?.settled();
    return this.#sent;
  }

  #send(place: Workplace, before: Group, group: Group | undefined): void {
    // Where there is no second session to cancel from, nothing more may go out after a stop.
    if (this.#withdrawn || !follows(place) || group === undefined || group.stopped) return;
    if (group.sendAhead(place, before)) this.#sent = group;
  }
}
