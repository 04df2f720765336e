import { GodwitError } from '../../errors.ts';
import type { ScriptStep } from '../../ports/driver.ts';
import type { Store } from './store.ts';

export async function writeScript(_store: Store, _steps: readonly ScriptStep[]): Promise<string> {
  throw new GodwitError('GODWIT_UNSUPPORTED', 'not yet');
}
