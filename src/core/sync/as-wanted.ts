import type { ActualCollection } from '../../ports/definition.ts';
import { isIdIndex, type WantedCollection } from './wanted.ts';

/** A state of the database as something to be brought about again: for the way back. */
export function asWanted({
  name,
  view,
  options,
  validator,
  indexes,
  ...rules
}: ActualCollection): WantedCollection {
  if (view) return { name, view, indexes: [], from: [] };
  const none = validator === undefined || Object.keys(validator).length === 0;
  return {
    name,
    options,
    validator: none ? null : validator,
    ...(!none && {
      validationLevel: rules.validationLevel as WantedCollection['validationLevel'],
      validationAction: rules.validationAction as WantedCollection['validationAction'],
    }),
    indexes: indexes.filter((index) => !isIdIndex(index) && !index.clustered),
    from: [],
  };
}
