import type { ActualCollection } from '../../ports/definition.ts';
import type { ModelFields } from './fields.ts';

/** Models as they were when the last migration was written from them. */
export interface ModelSnapshot {
  readonly version: 1;
  readonly collections: readonly ActualCollection[];
  readonly fields: Readonly<Record<string, ModelFields>>;
}
