import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, freePort, handOver, removeFolder, serverFolder } from './child.ts';
import { type Redis, type RedisOptions, startRedis } from './redis-server.ts';

export interface Sentinel {
  /** What the primary is called. */
  readonly name: string;
  readonly sentinels: readonly Redis[];
  /** The primary as the sentinels see it now. */
  primary(): Promise<Redis>;
  /** All servers of data, whatever their part now is. */
  readonly servers: readonly Redis[];
  /** An orderly change of parts; resolves once the sentinels name another primary. */
  failover(): Promise<void>;
  /** SIGKILL; resolves once the sentinels name another primary. */
  killPrimary(): Promise<void>;
  stop(): Promise<void>;
}

export interface SentinelOptions extends Omit<RedisOptions, 'port' | 'tls'> {
  /** Default: 1. */
  readonly sentinels?: 1 | 3;
  /** Default: 1. */
  readonly replicas?: number;
}

const NAME = 'coats';

/** A primary, its replicas, and sentinels that notice its death after half a second. */
export async function startSentinel(options: SentinelOptions = {}): Promise<Sentinel> {
  const { sentinels: guards = 1, replicas = 1, password, args = [] } = options;
  const auth = password === undefined ? [] : ['--masterauth', password];
  const common = ['--repl-diskless-sync-delay', '0', '--repl-ping-replica-period', '1', ...auth, ...args];
  const first = await startRedis({ ...options, args: common });
  const following = [...common, '--replicaof', '127.0.0.1', `${first.port}`];
  const servers = [first];
  const sentinels: Redis[] = [];
  const folder = serverFolder();
  const stop = async (): Promise<void> => {
    await Promise.all([...sentinels, ...servers].map((server) => server.stop()));
    removeFolder(folder);
  };
  const named = async (guard: Redis | undefined): Promise<number> =>
    Number((await guard?.cli('sentinel', 'get-master-addr-by-name', NAME))?.split('\n')[1]);
  const moved = async (from: number): Promise<void> => {
    const elsewhere = async (): Promise<boolean> =>
      (await Promise.all(sentinels.map(named))).every((port) => port > 0 && port !== from);
    await eventually('There was no new primary', elsewhere, 20_000);
  };
  const primary = async (): Promise<Redis> => {
    const port = await named(sentinels[0]);
    const found = servers.find((server) => server.port === port);
    if (found === undefined) throw new Error(`The sentinel names port ${port}, which is none of ours.`);
    return found;
  };
  try {
    for (let at = 0; at < replicas; at++) servers.push(await startRedis({ ...options, args: following }));
    const synced = async (): Promise<boolean> =>
      (await first.cli('info', 'replication')).match(/state=online/g)?.length === replicas;
    await eventually('The replicas did not follow', synced);
    for (let at = 0; at < guards; at++) {
      const port = await freePort();
      const file = join(folder, `${port}.conf`);
      writeFileSync(file, configuration(first.port, guards, password));
      handOver(file);
      // The file is the server's first argument.
      sentinels.push(await startRedis({ ...programOf(options), port, args: ['--sentinel'], file }));
    }
    const ready = async (guard: Redis): Promise<boolean> => {
      const info = await guard.cli('info', 'sentinel');
      return info.includes(`status=ok,address=127.0.0.1:${first.port},slaves=${replicas},sentinels=${guards}`);
    };
    await eventually('The sentinels did not find each other', async () =>
      (await Promise.all(sentinels.map(ready))).every((isReady) => isReady),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name: NAME,
    sentinels,
    servers,
    primary,
    async failover() {
      const { port } = await primary();
      // A replica that has just come back is not good enough for some moments.
      const ordered = async (): Promise<boolean> => (await sentinels[0]?.cli('sentinel', 'failover', NAME)) === 'OK';
      await eventually('The sentinel refused to fail over', ordered);
      await moved(port);
    },
    async killPrimary() {
      const dying = await primary();
      await dying.kill();
      await moved(dying.port);
    },
    stop,
  };
}

function programOf({ program }: SentinelOptions): Pick<RedisOptions, 'program'> {
  return program === undefined ? {} : { program };
}

function configuration(primary: number, guards: number, password: string | undefined): string {
  const lines = [
    `sentinel monitor ${NAME} 127.0.0.1 ${primary} ${guards === 1 ? 1 : 2}`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 5000`,
    ...(password === undefined ? [] : [`sentinel auth-pass ${NAME} ${password}`]),
  ];
  return `${lines.join('\n')}\n`;
}
