import type { Rule } from '../rule.ts';
import { edited } from './edited.ts';
import { environment } from './environment.ts';
import { largeTable } from './large-table.ts';
import { noWayBack } from './no-way-back.ts';
import { notIdempotent } from './not-idempotent.ts';
import { order } from './order.ts';
import { plainPassword } from './plain-password.ts';
import { rowSecurity } from './row-security.ts';
import { unfiltered } from './unfiltered.ts';
import { uniqueTooEarly } from './unique-too-early.ts';

/** Every rule of godwit's own. A new one is one file and one line here. */
export const RULES: readonly Rule[] = [
  order,
  edited,
  largeTable,
  rowSecurity,
  notIdempotent,
  noWayBack,
  plainPassword,
  environment,
  unfiltered,
  uniqueTooEarly,
];
