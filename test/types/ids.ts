// Checked by tsc, never run: what compiles with public ids, and what must not.
import { defineIds, type PublicId } from '../../src/ids/index.ts';
import { defineConfig } from '../../src/index.ts';

const ids = defineIds({
  patients: 'pat',
  appointments: 'apt_',
  roles: { prefix: 'rol', column: 'code' },
});

export const patient: PublicId<'pat'> = ids.create('patients');
export const appointment: PublicId<'apt'> = ids.createLegacy('appointments');
export const role: PublicId<'rol'> = ids.create('roles');
export const any: PublicId = ids.create('patients');
export const text: `pat_${string}` = ids.create('patients');

// @ts-expect-error an appointment's id is no patient's
export const wrong: PublicId<'pat'> = ids.create('appointments');
// @ts-expect-error a text that nobody looked at is no id
export const unchecked: PublicId<'pat'> = 'pat_xyz123';
// @ts-expect-error the registry has no such table
ids.create('nobody');

export function look(given: string): PublicId<'pat'> | undefined {
  return ids.is('patients', given) ? given : undefined;
}

export function open(given: unknown): PublicId<'pat' | 'apt' | 'rol'> | PublicId {
  const parsed = ids.parse(given);
  switch (parsed.table) {
    case 'patients':
      return parsed.id;
    case 'appointments': {
      const id: PublicId<'apt'> = parsed.id;
      return id;
    }
    default: {
      const prefix: 'rol' = parsed.prefix;
      return prefix === 'rol' ? ids.create('roles') : parsed.id;
    }
  }
}

export const narrowed: PublicId<'rol'> = ids.parse('roles', 'rol_ab').id;

export default defineConfig({ publicIds: ids });
export const plain = defineConfig({ publicIds: { patients: 'pat', roles: { prefix: 'rol' } } });
// @ts-expect-error a prefix is a text
export const bad = defineConfig({ publicIds: { patients: 7 } });
