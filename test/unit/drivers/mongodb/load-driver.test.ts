import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadDriver } from '../../../../src/drivers/mongodb/load-driver.ts';

/** Packages that only say who they are. */
function install(folder: string, name: string, version: string): void {
  const at = join(folder, 'node_modules', name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  writeFileSync(join(at, 'index.js'), `module.exports = { whose: ${JSON.stringify(at)} };`);
}

describe('whose mongodb is used', () => {
  let above: string;
  let project: string;
  beforeEach(() => {
    above = mkdtempSync(join(tmpdir(), 'godwit-driver-'));
    project = join(above, 'project');
    mkdirSync(project);
  });
  afterEach(() => rmSync(above, { recursive: true, force: true }));

  it("mongoose's own, where the project uses mongoose", () => {
    install(project, 'mongodb', '6.0.0');
    install(project, 'mongoose', '8.0.0');
    install(join(project, 'node_modules', 'mongoose'), 'mongodb', '6.9.0');
    expect(loadDriver(project)).toMatchObject({ version: '6.9.0', from: 'mongoose' });
  });

  it('the nearer mongodb, when mongoose belongs to a folder above', () => {
    install(above, 'mongoose', '9.0.0');
    install(above, 'mongodb', '7.0.0');
    install(project, 'mongodb', '5.0.0');
    expect(loadDriver(project)).toMatchObject({ version: '5.0.0', from: 'project' });
  });

  it('none that is too old', () => {
    install(project, 'mongodb', '4.17.0');
    expect(() => loadDriver(project)).toThrow(/4\.17\.0/);
  });
});
