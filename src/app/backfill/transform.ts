import { readFileSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Draw, drawBatch, drawEach } from '../../core/backfill/draw.ts';
import { GodwitError } from '../../errors.ts';
import type { BackfillSpec, Transform, TransformBatch } from '../../ports/backfill-spec.ts';
import { realTimers } from '../../worker/timers.ts';

/** A transform that is a module: where it is, and its text, which is part of the definition. */
export interface TransformModule {
  readonly path: string;
  readonly text: string;
  readonly batch: boolean;
}

export interface OpenedTransform {
  /** Undefined for what the database computes. */
  readonly draw: Draw | undefined;
  readonly threads: number;
  close(): Promise<void>;
}

/**
 * @param folder what a relative path is relative to
 * @returns undefined when the transform is no module
 * @throws GodwitError GODWIT_BACKFILL_INVALID when it cannot be read
 */
export function readTransformModule(
  spec: BackfillSpec,
  folder: string,
): TransformModule | undefined {
  const given = spec.transform ?? spec.transformBatch;
  if (typeof given !== 'string' && !(given instanceof URL)) return undefined;
  const path = pathOf(given, folder);
  try {
    const text = readFileSync(path, 'utf8');
    return { path, text, batch: spec.transformBatch !== undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GodwitError('GODWIT_BACKFILL_INVALID', `The transform cannot be read: ${reason}`, {
      where: { file: path },
      state: 'Nothing was changed.',
    });
  }
}

function pathOf(given: string | URL, folder: string): string {
  if (given instanceof URL) return fileURLToPath(given);
  if (given.startsWith('file:')) return fileURLToPath(new URL(given));
  return isAbsolute(given) ? given : resolve(folder, given);
}

/** @param bson URL of the BSON library that rows are made of, if they are */
export async function openTransform(
  spec: BackfillSpec,
  module: TransformModule | undefined,
  bson: string | undefined,
): Promise<OpenedTransform> {
  if (module) {
    const { openPool } = await import('../../worker/pool.ts');
    const { path, batch } = module;
    const { transformTimeoutMs: limitMs } = spec;
    return openPool({ path, batch, bson }, { limitMs });
  }
  return { draw: drawHere(spec), threads: 1, close: async () => {} };
}

function drawHere({
  transform,
  transformBatch,
  transformTimeoutMs: limit,
}: BackfillSpec): Draw | undefined {
  if (typeof transform === 'function') return drawEach(transform as Transform, realTimers, limit);
  if (typeof transformBatch === 'function') {
    return drawBatch(transformBatch as TransformBatch, realTimers, limit);
  }
  return undefined;
}
