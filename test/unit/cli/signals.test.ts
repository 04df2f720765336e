import { describe, expect, it } from 'vitest';
import type { Io, SignalListener } from '../../../src/cli/io.ts';
import { listenForStops } from '../../../src/cli/signals.ts';

describe('Ctrl-C', () => {
  it('first stops cleanly, then at once, then ends the process', () => {
    let send: SignalListener = () => {};
    const exits: number[] = [];
    const said: string[] = [];
    const io = {
      onSignal(listener: SignalListener) {
        send = listener;
        return () => {
          send = () => {};
        };
      },
      exit: (code: number) => exits.push(code),
    } as unknown as Io;
    const stops = listenForStops(io, (text) => said.push(text));
    const seen = () => [stops.signal.aborted, stops.abort.aborted, exits.length, said.length];
    expect(seen()).toEqual([false, false, 0, 0]);
    send('SIGINT');
    expect(seen()).toEqual([true, false, 0, 1]);
    expect(stops.signal.reason).toBe('SIGINT');
    send('SIGTERM');
    expect(seen()).toEqual([true, true, 0, 2]);
    send('SIGINT');
    expect(exits).toEqual([130]);
    stops.dispose();
    send('SIGINT');
    expect(exits).toEqual([130]);
  });
});
