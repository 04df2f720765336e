import type { Document } from 'mongodb';
import type { ModelLike } from './place.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents are what the collection holds
type AnyDocument = any;

/** A field of another (or the same) collection that holds ids of these documents. */
export interface ReferenceField {
  readonly model: ModelLike;
  readonly field: string;
}

export interface DuplicateOptions {
  /**
   * Which of them stays: `first` (default, the smallest _id: of ObjectIds the oldest),
   * `last`, the first in a sort such as `{ updatedAt: -1 }`, or the one that a function
   * returns of all that are the same.
   */
  readonly keep?:
    | 'first'
    | 'last'
    | Readonly<Record<string, 1 | -1>>
    | ((documents: readonly AnyDocument[]) => AnyDocument | Promise<AnyDocument>)
    | undefined;
  /** What refers to a removed document is made to refer to the one that stays, first. */
  readonly references?: readonly ReferenceField[] | undefined;
  /** Only among these documents. */
  readonly filter?: Document | undefined;
  /** Compares texts as this says, such as `{ locale: 'en', strength: 2 }` for any case. */
  readonly collation?: Document | undefined;
  /** Documents that lack the field, or hold `null`, are the same too. Default false: they stay. */
  readonly missing?: boolean | undefined;
}

export interface DuplicateResult {
  /** Values that more than one document had. */
  readonly duplicateValues: number;
  readonly deletedCount: number;
  readonly referencesUpdated: number;
  /** Values left alone because a document changed meanwhile; running it again settles them. */
  readonly skippedCount: number;
  readonly dryRun?: true | undefined;
}
