import { connect, createServer, type Socket } from 'node:net';

/**
 * - `silent`: what is on the wire goes nowhere, and no one is told, as when a router has died. The server hands tasks to it for a while.
 * - `reset`: both ends are told, and none gets through any more, as when a firewall has a new rule.
 */
export type Cut = 'silent' | 'reset';

/** A wire to a server that can be cut. */
export interface Wire {
  /** `127.0.0.1:<port>` */
  address: string;
  cut(how: Cut): void;
  mend(): void;
  close(): Promise<void>;
}

/** @param target `host:port` */
export async function openWire(target: string): Promise<Wire> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let cut: Cut | null = null;
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (cut === 'silent') socket.pause();
    return socket;
  };
  const server = createServer((near) => {
    if (cut === 'reset') return void near.destroy();
    keep(near);
    const far = keep(connect(Number(port), host));
    near.pipe(far);
    far.pipe(near);
    if (cut === 'silent') for (const socket of [near, far]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the wire has no port');
  return {
    address: `127.0.0.1:${bound.port}`,
    cut(how) {
      cut = how;
      for (const socket of sockets) {
        if (how === 'silent') socket.pause();
        else socket.destroy();
      }
    },
    mend() {
      cut = null;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
