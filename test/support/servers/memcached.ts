import type { ChildProcess } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, freePort, handOver, removeFolder, serverFolder, spawnServer } from './child.ts';
import { findPrograms } from './program.ts';

export interface MemcachedOptions {
  /** Further settings, as on the command line: `['-m', '8', '-M']`. They win. */
  readonly args?: readonly string[];
  /** Runs with an auth file that knows this one. */
  readonly login?: { readonly username: string; readonly password: string };
  /** Default: a free one. */
  readonly port?: number;
}

/** A running memcached on 127.0.0.1. */
export interface Memcached {
  readonly port: number;
  /** `memcached://user:password@127.0.0.1:port`. */
  readonly url: string;
  readonly pid: number;
  /** Sends commands, each with its line end, and gives what is answered, in the form of latin1. */
  ask(text: string): Promise<string>;
  /** Items by their keys, with what `mg` gives, in the form of latin1; without one that somebody is just reading. */
  dump(): Promise<{ key: string; value: string }[]>;
  /** Stopped in its tracks: connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** SIGKILL; resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty, and waits until it answers. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const WANTED = { debian: 'memcached', programs: ['memcached'] } as const;

/** Why memcached is not here; undefined where it is. */
export const memcachedMissing: string | undefined = (await findPrograms(WANTED)).missing;

/** Starts a server and waits until it answers. */
export async function startMemcached(options: MemcachedOptions = {}): Promise<Memcached> {
  for (let attempt = 1; ; attempt++) {
    const memcached = await prepare(options, options.port ?? (await freePort()));
    try {
      await memcached.restart();
      return memcached;
    } catch (error) {
      await memcached.stop();
      // Somebody took the port between our look and the server's.
      if (options.port !== undefined || attempt === 3) throw error;
    }
  }
}

async function prepare({ args = [], login }: MemcachedOptions, port: number): Promise<Memcached> {
  const { paths, missing } = await findPrograms(WANTED);
  if (missing !== undefined) throw new Error(missing);
  const folder = serverFolder();
  const settings = ['-l', '127.0.0.1', '-p', `${port}`, '-U', '0', '-t', '2', ...args];
  let auth = '';
  if (login !== undefined) {
    const file = join(folder, 'users');
    writeFileSync(file, `${login.username}:${login.password}\n`);
    chmodSync(file, 0o600);
    handOver(file);
    settings.push('-Y', file);
    const words = `${login.username} ${login.password}`;
    auth = `set auth 0 0 ${Buffer.byteLength(words)}\r\n${words}\r\n`;
  }
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const ask = (text: string): Promise<string> => exchange(port, auth, text);
  const kill = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  const user = login === undefined ? '' : `${login.username}:${encodeURIComponent(login.password)}@`;
  return {
    port,
    url: `memcached://${user}127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    ask,
    async dump() {
      let dump = 'BUSY';
      // What stands behind a dump would wait for more; and it is refused while memcached crawls on its own.
      while (dump.startsWith('BUSY')) {
        dump = await exchange(port, auth, 'lru_crawler metadump all\r\n', '', /END\r\n$|^BUSY.*\r\n$/);
      }
      const keys = [...dump.matchAll(/^key=(\S+)/gm)].map(([, key = '']) => decodeURIComponent(key));
      return Promise.all(keys.map(async (key) => ({ key, value: await ask(`mg ${key} v\r\n`) })));
    },
    async pause() {
      child?.kill('SIGSTOP');
      // Until each of its threads has come to a stop.
      await new Promise((resolve) => setTimeout(resolve, 50));
    },
    resume: () => void child?.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      const next = spawnServer(paths[0] ?? '', settings, folder);
      child = next;
      let log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async () => next.exitCode !== null || (await ask('version\r\n')).startsWith('VERSION');
      await eventually(`memcached on port ${port} did not answer`, alive);
      if (next.exitCode !== null) throw new Error(`memcached ended: ${log}`);
    },
    async stop() {
      await kill();
      removeFolder(folder);
    },
  };
}

/**
 * @param behind a command that does nothing
 * @param end how its answer ends all the others
 */
function exchange(port: number, auth: string, text: string, behind = 'mn\r\n', end = /MN\r\n$/): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let heard = '';
    socket.setEncoding('latin1').setTimeout(5000, () => socket.destroy(new Error('memcached does not answer')));
    socket.once('connect', () => socket.write(`${auth}${text}${behind}`, 'utf8'));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('memcached closed the connection')));
    socket.on('data', (chunk) => {
      heard += chunk;
      const told = heard.slice(auth === '' ? 0 : 'STORED\r\n'.length);
      if (!end.test(told)) return;
      resolve(behind === '' ? told : told.replace(end, ''));
      socket.destroy();
    });
  });
}
