import type { ModelFields } from '../core/models/fields.ts';
import { fieldsOf } from './fields.ts';
import type { LoadedModel } from './load-models.ts';
import { collectionNameOf, isChild } from './model-definitions.ts';

/** Fields per collection: of a base model and all its discriminators together. */
export function modelFields(models: readonly LoadedModel[]): Record<string, ModelFields> {
  const fields: Record<string, ModelFields> = {};
  const ordered = [...models].sort((a, b) => Number(isChild(b.model)) - Number(isChild(a.model)));
  for (const { model } of ordered) {
    const name = collectionNameOf(model);
    const own: ModelFields = fieldsOf(model.schema);
    // What only some documents must have, the database cannot ask of all.
    const shown = isChild(model)
      ? Object.fromEntries(Object.entries(own).map(([path, { type }]) => [path, { type }]))
      : own;
    fields[name] = { ...fields[name], ...shown };
  }
  return fields;
}
