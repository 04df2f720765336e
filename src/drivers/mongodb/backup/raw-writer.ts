import { createRequire } from 'node:module';
import type { Db, Document } from 'mongodb';
import { GodwitError } from '../../../errors.ts';
import type { ClientModule } from '../client-module.ts';
import { decodeExactly } from './decode-exactly.ts';
import type { Documents } from './document-cutter.ts';

/** Inserts documents as they are in a file: whole, one behind the other. */
export type InsertRaw = (db: Db, collection: string, documents: Documents) => Promise<void>;

/** A section of a message that holds documents as bytes; the driver's own use of it is bulk writes. */
interface Sequence {
  push(document: Document, bytes: Uint8Array): number;
}
type SequenceClass = new (field: string) => Sequence;

/**
 * The fastest way that the project's driver has to insert bytes. From 6.10 on it knows
 * document sequences, which carry them as they are; before that they are decoded into
 * values of their exact types, in their order, and encoded again.
 */
export function rawWriter({ module, file }: ClientModule): InsertRaw {
  const Sequence = file === undefined ? undefined : findSequence(file);
  return async (db, collection, { parts, count }) => {
    const result = await db.command({
      insert: collection,
      documents: Sequence
        ? sequenceOf(Sequence, parts)
        : parts.flatMap((bytes) => decodeExactly(bytes, module.BSON)),
      ordered: false,
      bypassDocumentValidation: true,
      writeConcern: { w: 1 },
    });
    checkInserted(result, count);
  };
}

function sequenceOf(Sequence: SequenceClass, parts: readonly Uint8Array[]): Sequence {
  const sequence = new Sequence('documents');
  for (const bytes of parts) sequence.push({}, bytes);
  return sequence;
}

function findSequence(file: string): SequenceClass | undefined {
  try {
    const { DocumentSequence } = createRequire(file)('./cmap/commands.js') as {
      DocumentSequence?: SequenceClass;
    };
    return DocumentSequence;
  } catch {
    return undefined;
  }
}

function checkInserted(result: Document, documents: number): void {
  const [first] = (result['writeErrors'] as { errmsg?: string }[] | undefined) ?? [];
  const concern = result['writeConcernError'] as { errmsg?: string } | undefined;
  const problem = first?.errmsg ?? concern?.errmsg;
  if (problem === undefined && Number(result['n']) === documents) return;
  throw new GodwitError(
    'GODWIT_RESTORE_FAILED',
    `The server took ${Number(result['n'])} of ${documents} documents${problem ? `: ${problem}` : ''}.`,
  );
}
