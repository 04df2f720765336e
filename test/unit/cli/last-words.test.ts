import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type Ending, watchEnding } from '../../../src/cli/last-words.ts';

function play(argv: readonly string[] = []) {
  const events = new EventEmitter();
  const written = { 1: '', 2: '' };
  const ending: Ending = {
    on: events.on.bind(events) as Ending['on'],
    exitCode: 0,
    exit(code) {
      events.emit('exit', code);
    },
    write(stream, text) {
      written[stream] += text;
    },
  };
  return { events, written, ending, done: watchEnding(ending, argv) };
}

describe('watchEnding', () => {
  it('makes an end in the middle of the work a failure, and says so once', () => {
    // As when nothing keeps the process, though its work waits for something.
    const { events, written, ending } = play();
    events.emit('exit', 0);
    events.emit('exit', 0);
    expect(ending.exitCode).toBe(1);
    expect(written[1]).toBe('');
    expect(written[2].match(/ended before its work was done/g)).toHaveLength(1);
  });

  it('is silent after the work, and when a third Ctrl-C ended it', () => {
    const worked = play();
    worked.done();
    worked.events.emit('exit', 0);
    const stopped = play();
    stopped.events.emit('exit', 130);
    for (const { written, ending } of [worked, stopped]) {
      expect(written).toEqual({ 1: '', 2: '' });
      expect(ending.exitCode).toBe(0);
    }
  });

  it('prints one document for a reader of JSON, and the stack for --debug', () => {
    const { events, written, ending } = play(['up', '--json', '--debug']);
    events.emit('unhandledRejection', new TypeError('lost'));
    expect(JSON.parse(written[1])).toMatchObject({
      error: { code: 'GODWIT_MIGRATION_FAILED', message: expect.stringContaining('lost') },
    });
    expect(written[2]).toMatch(/TypeError: lost\n +at /);
    expect(ending.exitCode).toBe(1);
  });
});
