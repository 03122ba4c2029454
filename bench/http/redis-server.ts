import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'redis';
import { end, LOAD_CORE, start } from './processes.ts';

/** What Redis says about itself, as the slices need it. */
export interface RedisCounters {
  /** Calls by command, commands inside scripts included. */
  readonly calls: Readonly<Record<string, number>>;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const clientOf = (url: string) => createClient({ url });
type Client = ReturnType<typeof clientOf>;

/** A Redis of our own: real, on a free port, without persistence. */
export class RedisServer {
  readonly url: string;
  readonly #client: Client;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, client: Client, stop: () => Promise<void>) {
    this.url = url;
    this.#client = client;
    this.#stop = stop;
  }

  static async start(): Promise<RedisServer> {
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-redis-'));
    const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
    const child = start(LOAD_CORE, 'redis-server', args, { stdio: 'ignore' });
    // Also when the run ends by an error or a signal.
    process.once('exit', () => {
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    });
    const url = `redis://127.0.0.1:${port}`;
    const client = clientOf(url);
    client.on('error', () => {});
    await client.connect();
    return new RedisServer(url, client, async () => {
      client.destroy();
      await end(child);
    });
  }

  async counters(): Promise<RedisCounters> {
    const info = `${await this.#client.info('stats')}\n${await this.#client.info('commandstats')}`;
    const calls: Record<string, number> = {};
    for (const [, name = '', count] of info.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)) {
      if (name !== 'info') calls[name] = Number(count);
    }
    const field = (name: string): number => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    return { calls, bytesIn: field('total_net_input_bytes'), bytesOut: field('total_net_output_bytes') };
  }

  /** The commands that clients and scripts send while `work` runs. */
  async watch(work: () => Promise<void>): Promise<{ sent: string[]; inScripts: string[] }> {
    const monitor = this.#client.duplicate();
    monitor.on('error', () => {});
    await monitor.connect();
    const sent: string[] = [];
    const inScripts: string[] = [];
    let seen: () => void = () => {};
    const last = new Promise<void>((resolve) => {
      seen = resolve;
    });
    await monitor.monitor((line) => {
      const [, where = '', command = ''] = /^\S+ \[\d+ (\S+)\] "([^"]*)"/.exec(String(line)) ?? [];
      if (command.toLowerCase() === 'echo') seen();
      else (where === 'lua' ? inScripts : sent).push(command.toLowerCase());
    });
    await work();
    // The monitor has told everything once it tells of this.
    await this.#client.echo('end');
    await last;
    monitor.destroy();
    return { sent, inScripts };
  }

  async version(): Promise<string> {
    return /^redis_version:(\S+)/m.exec(await this.#client.info('server'))?.[1] ?? '?';
  }

  async clear(): Promise<void> {
    await this.#client.flushAll();
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
