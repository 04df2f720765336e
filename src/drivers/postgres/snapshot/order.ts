import type { SnapshotSection } from '../../../ports/snapshot.ts';
import type { Depends } from './depends.ts';
import { KINDS, type Piece } from './piece.ts';

const RANK = new Map<string, number>(KINDS.map((kind, index) => [kind, index]));

/**
 * Brings pieces into an order in which each can be made: by what they depend on, then by
 * kind, then by name, so that equal schemas come out equal. Where things depend on each
 * other, one of them is made in two steps. What an earlier section needs moves into it.
 */
export function orderPieces(pieces: readonly Piece[], depends: Depends): Piece[] {
  let all = [...pieces].sort(byKindAndName);
  for (;;) {
    const graph = connect(all, depends);
    const walk = visit(all, graph);
    if (walk.cycle === undefined) return walk.order;
    const { cycle } = walk;
    const parts = cycle.split?.() ?? [];
    all = [...all.filter((piece) => piece !== cycle), ...parts].sort(byKindAndName);
  }
}

type Graph = ReadonlyMap<Piece, readonly Piece[]>;

function connect(pieces: readonly Piece[], { on, extensionOf }: Depends): Graph {
  const owner = new Map<string, Piece>();
  for (const piece of pieces) for (const ref of piece.means) owner.set(ref, piece);
  const graph = new Map<Piece, Piece[]>();
  for (const piece of pieces) {
    const refs = [...piece.means.flatMap((ref) => on.get(ref) ?? []), ...(piece.needs ?? [])];
    const found = new Set<Piece>();
    for (const ref of refs) {
      const target = owner.get(ref) ?? owner.get(extensionOf.get(ref) ?? '');
      if (target !== undefined && target !== piece) found.add(target);
    }
    graph.set(piece, [...found].sort(byKindAndName));
  }
  return graph;
}

interface Walk {
  readonly order: Piece[];
  /** A piece that has to be made in two steps. */
  readonly cycle: Piece | undefined;
}

function visit(pieces: readonly Piece[], graph: Graph): Walk {
  const early = neededEarly(pieces, graph);
  const order: Piece[] = [];
  const state = new Map<Piece, 'open' | 'done'>();
  const path: Piece[] = [];
  let cycle: Piece | undefined;
  const go = (piece: Piece): void => {
    state.set(piece, 'open');
    path.push(piece);
    for (const next of graph.get(piece) ?? []) {
      if (cycle) return;
      const seen = state.get(next);
      if (seen === undefined) go(next);
      else if (seen === 'open') {
        cycle = path
          .slice(path.indexOf(next))
          .filter(({ split }) => split)
          .sort(byKindAndName)[0];
      }
    }
    path.pop();
    state.set(piece, 'done');
    order.push(early.has(piece) ? { ...piece, section: 'pre-data' } : piece);
  };
  for (const section of ['pre-data', 'post-data'] satisfies SnapshotSection[]) {
    for (const piece of pieces) {
      if (cycle) break;
      if (piece.section === section && !state.has(piece)) go(piece);
    }
  }
  return { order, cycle };
}

/** Of the later section, but needed in the first: a view may need a primary key. */
function neededEarly(pieces: readonly Piece[], graph: Graph): ReadonlySet<Piece> {
  const early = new Set<Piece>();
  const queue = pieces.filter(({ section }) => section === 'pre-data');
  const seen = new Set(queue);
  for (let piece = queue.pop(); piece; piece = queue.pop()) {
    for (const next of graph.get(piece) ?? []) {
      if (next.section === 'post-data') early.add(next);
      if (!seen.has(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  return early;
}

function byKindAndName(a: Piece, b: Piece): number {
  const kinds = (RANK.get(a.kind) ?? 0) - (RANK.get(b.kind) ?? 0);
  if (kinds !== 0) return kinds;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
