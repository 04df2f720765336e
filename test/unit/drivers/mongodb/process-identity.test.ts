import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import {
  identifyProcess,
  isProvablyDead,
} from '../../../../src/drivers/mongodb/process-identity.ts';

describe.runIf(process.platform === 'linux')('process identity', () => {
  const self = identifyProcess();
  if (!self) throw new Error('no identity on Linux');

  it('the living are alive', () => {
    expect(isProvablyDead(self, self)).toBe(false);
  });

  it('the gone, the never born and those whose pid is used again are dead', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    const pid = child.pid ?? 0;
    expect(isProvablyDead({ ...self, pid, start: self.start }, self)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isProvablyDead({ ...self, pid }, self)).toBe(true);
    expect(isProvablyDead({ ...self, start: '1' }, self)).toBe(true);
  });

  it('nothing is proven across hosts, boots and namespaces, or without an identity', () => {
    const dead = { ...self, pid: 2 ** 22 + 1 };
    expect(isProvablyDead(dead, self)).toBe(true);
    expect(isProvablyDead({ ...dead, host: 'other' }, self)).toBe(false);
    expect(isProvablyDead({ ...dead, boot: 'other' }, self)).toBe(false);
    expect(isProvablyDead({ ...dead, namespace: 'other' }, self)).toBe(false);
    expect(isProvablyDead(undefined, self)).toBe(false);
    expect(isProvablyDead(dead, undefined)).toBe(false);
  });
});
