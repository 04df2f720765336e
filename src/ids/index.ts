export type { PublicIdEntry, PublicIdInput } from '../core/public-ids/registry.ts';
export { defineIds } from './define-ids.ts';
export type {
  AnyParsedId,
  IdRegistry,
  IdsOptions,
  ParsedId,
  PrefixOf,
  PublicId,
} from './types.ts';
