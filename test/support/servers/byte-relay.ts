import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and any server, both without TLS, and does them harm. */
export interface ByteRelay {
  readonly port: number;
  /** How many answers were lost. */
  readonly lost: number;
  /** From now on answers that have such bytes in them are lost: the server did it, and the connection is cut instead. */
  swallow(loses: (answer: Buffer) => boolean): void;
  /** From now on nothing comes back, and connections stay open: what the server answers waits for `heal`. */
  hold(): void;
  /** No more harm; what was held is sent. */
  heal(): void;
  /** Cuts every connection; new ones are taken. */
  cut(): void;
  stop(): Promise<void>;
}

export async function startByteRelay(target: number): Promise<ByteRelay> {
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  let loses: ((answer: Buffer) => boolean) | undefined;
  let holds = false;
  let lost = 0;
  const server = createServer((client) => {
    const behind = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const end = (): void => {
      client.destroy();
      behind.destroy();
    };
    for (const socket of [client, behind]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => behind.write(chunk));
    behind.on('data', (chunk) => {
      if (loses?.(chunk)) {
        lost += 1;
        end();
      } else if (holds) held.push(() => client.write(chunk));
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get lost() {
      return lost;
    },
    swallow(which) {
      loses = which;
    },
    hold() {
      holds = true;
    },
    heal() {
      [loses, holds] = [undefined, false];
      for (const send of held.splice(0)) send();
    },
    cut,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
    },
  };
}
