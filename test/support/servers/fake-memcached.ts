import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** What a real memcached says when it is greeted. */
const GREETED: string = greeting();

/** The greeting with other facts in it. */
export function greeting(facts: Readonly<Record<string, string | undefined>> = {}): string {
  const stats = { pid: '7', uptime: '10', time: '1795280000', version: '1.6.18', ...facts };
  const settings = { item_size_max: '1048576', cas_enabled: 'yes', ...facts };
  const list = (of: object): string =>
    Object.entries(of)
      .map(([name, value]) => (value === undefined ? '' : `STAT ${name} ${value}\r\n`))
      .join('');
  return `VERSION ${stats.version}\r\n${list(stats)}END\r\n${list(settings)}END\r\n`;
}

/** A server that answers what a test wants; none of memcached's own is as bad. */
export interface FakeMemcached {
  readonly port: number;
  readonly url: string;
  /** How many connections were made. */
  readonly connections: number;
  /** What came since the greeting, over the last connection. */
  readonly heard: string;
  /** Sends on the last connection. */
  say(text: string): void;
  /** Takes nothing more from the last connection. */
  deafen(): void;
  /** Waits until this has come. */
  hears(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** @param greet what is said to `stats settings`; undefined for silence */
export async function fakeMemcached(greet: () => string | undefined = () => GREETED): Promise<FakeMemcached> {
  const sockets = new Set<Socket>();
  let [last, connections, heard]: [Socket | undefined, number, string] = [undefined, 0, ''];
  const server = createServer((socket) => {
    sockets.add(socket);
    last = socket;
    connections++;
    let greeted = false;
    heard = '';
    socket.setNoDelay(true);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (greeted || !heard.endsWith('stats settings\r\n')) return;
      greeted = true;
      heard = '';
      const words = greet();
      if (words !== undefined) socket.write(words, 'latin1');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `memcached://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    get heard() {
      return heard;
    },
    deafen: () => void last?.pause(),
    say: (text) => void last?.write(text, 'latin1'),
    async hears(pattern) {
      const end = performance.now() + 5000;
      for (;;) {
        const found = pattern.exec(heard);
        if (found !== null) return found;
        if (performance.now() > end) throw new Error(`Nothing like ${pattern} came, but ${heard.slice(0, 200)}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
