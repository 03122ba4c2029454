import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between clients and any server, both without TLS, and writes down what they say. */
export interface Wiretap {
  readonly port: number;
  /** All that went either way so far, byte by byte: in the form of latin1. */
  heard(): string;
  stop(): Promise<void>;
}

export async function startWiretap(target: number): Promise<Wiretap> {
  const sockets = new Set<Socket>();
  const lines = new Set<Buffer[]>();
  const server = createServer((client) => {
    const behind = connect({ port: target, host: '127.0.0.1', noDelay: true });
    for (const [from, to] of [
      [client, behind],
      [behind, client],
    ] as const) {
      // Each way of each connection by itself: what is said at the same time would tear other words apart.
      const chunks: Buffer[] = [];
      lines.add(chunks);
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (chunk) => {
        chunks.push(chunk);
        to.write(chunk);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    heard: () => Array.from(lines, (chunks) => Buffer.concat(chunks).toString('latin1')).join('\n'),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
