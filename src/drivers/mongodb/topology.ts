import type { MongoClient } from 'mongodb';
import { GodwitError } from '../../errors.ts';

/** The part of the driver's server monitoring that is the same in all its versions. */
interface Description {
  readonly type?: string;
  readonly servers?: ReadonlyMap<string, ServerDescription>;
}
interface ServerDescription {
  readonly type?: string;
  readonly address?: string;
  readonly setName?: string | null;
  readonly setVersion?: number | null;
  readonly electionId?: { toString(): string } | null;
  readonly topologyVersion?: { readonly processId?: { toString(): string } } | null;
}

const WRITABLE = new Set(['RSPrimary', 'Standalone', 'Mongos', 'LoadBalancer']);

/**
 * Follows which server takes the writes. A record written with w:1 may be lost when that
 * changes, and the driver hears of the change before it sends anything to a new primary.
 */
export class Topology {
  /** Grows with each change of primary. */
  generation = 0;
  #primary: string | undefined;
  #type: string | undefined;
  #restarts = false;
  #stop: () => void = () => {};

  watch(client: MongoClient): void {
    const listen = ({ newDescription }: { newDescription: unknown }): void => {
      this.#see(newDescription as Description);
    };
    client.on('topologyDescriptionChanged', listen);
    this.#stop = () => client.off('topologyDescriptionChanged', listen);
    // A client that the caller connected long ago has told its events to nobody.
    const { topology } = client as unknown as { topology?: { description?: Description } };
    if (topology?.description) this.#see(topology.description);
  }

  unwatch(): void {
    this.#stop();
  }

  /** Undefined until a server that takes writes was seen. */
  get type(): 'replica set' | 'standalone' | 'sharded' | undefined {
    switch (this.#type) {
      case undefined:
        return undefined;
      case 'RSPrimary':
        return 'replica set';
      case 'Standalone':
        return 'standalone';
      default:
        return 'sharded';
    }
  }

  /** Whether each change is seen. Those of the servers behind a proxy or a mongos are not. */
  get followable(): boolean {
    return this.#type === 'RSPrimary' || (this.#type === 'Standalone' && this.#restarts);
  }

  /** Whether a server that takes writes is known just now. */
  writable = false;

  #see(description: Description): void {
    this.writable = false;
    for (const server of description.servers?.values() ?? []) {
      if (!WRITABLE.has(server.type ?? '')) continue;
      this.#type = server.type;
      this.writable = true;
      const process = server.topologyVersion?.processId;
      this.#restarts = process !== undefined;
      const primary = [server.address, server.electionId, server.setVersion, process].join(' ');
      if (this.#primary !== undefined && this.#primary !== primary) this.generation++;
      this.#primary = primary;
    }
  }
}

const HOPELESS_MS = 100;

/**
 * Does something that a server must answer, but does not wait long for one that is known
 * to be gone: whoever meets that has waited for it once already.
 */
export async function whileReachable<T>(topology: Topology, work: () => Promise<T>): Promise<T> {
  if (topology.writable) return work();
  const doing = work();
  doing.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void =>
      reject(new GodwitError('GODWIT_CONNECTION_LOST', 'The server does not answer any more.'));
    timer = setTimeout(fail, HOPELESS_MS);
  });
  try {
    return await Promise.race([doing, late]);
  } finally {
    clearTimeout(timer);
  }
}
