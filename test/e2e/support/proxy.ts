import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy on a free port that can cut or freeze what passes through it. */
export interface TcpProxy {
  readonly port: number;
  /** Cuts all connections, at once and without a goodbye. */
  cut(): void;
  /** Refuses new connections until `restore`. */
  refuse(): void;
  restore(): void;
  /** Connections made so far. */
  readonly accepted: number;
  /** Bytes that went to the server so far. */
  readonly sent: number;
  stop(): Promise<void>;
}

export async function startProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let refusing = false;
  let accepted = 0;
  let sent = 0;
  const server: Server = createServer((near) => {
    if (refusing) return void near.destroy();
    accepted += 1;
    const far = connect(target.port, target.host);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', (chunk) => {
      sent += chunk.length;
    });
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = (): void => {
    for (const socket of open) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    refuse: () => {
      refusing = true;
    },
    restore: () => {
      refusing = false;
    },
    get accepted() {
      return accepted;
    },
    get sent() {
      return sent;
    },
    async stop() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
