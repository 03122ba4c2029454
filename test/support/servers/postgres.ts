import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { eventually, freePort, handOver, removeFolder, serverFolder, spawnServer } from './child.ts';
import { findPrograms } from './program.ts';

export interface PostgresOptions {
  /** Further settings of the server: `{ max_connections: '5' }`. They win. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
}

/** A running cluster of its own folder on 127.0.0.1, with an empty database `app` of the user `app`, password `geheim`. */
export interface Postgres {
  readonly port: number;
  /** `postgres://app:geheim@127.0.0.1:port/app`. */
  readonly url: string;
  readonly pid: number;
  /** Runs statements as the superuser; the rows of the last one. */
  sql(statements: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Runs statements in a transaction of the database `app` that stays open, with its locks, until it is let go. */
  hold(statements: string): Promise<() => Promise<void>>;
  /** Resolves when so many statements wait for a lock. */
  waits(count: number): Promise<void>;
  /** A new empty database of the user, and its URL. */
  database(): Promise<string>;
  /** Every process stopped in its tracks: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL for every process; resolves once they are dead. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const programs = await findPrograms({ debian: 'postgresql', programs: ['postgres', 'initdb'] });

/** Why PostgreSQL is not here; undefined where it is. */
export const postgresMissing: string | undefined = programs.missing;

/** Starts a server and waits until it answers. */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const postgres = await prepare(options, port);
    try {
      await postgres.restart();
      await postgres.sql("CREATE ROLE app LOGIN PASSWORD 'geheim'");
      await postgres.sql('CREATE DATABASE app OWNER app');
      return postgres;
    } catch (error) {
      await postgres.stop();
      // Somebody took the port between our look and the server's.
      if (options.port !== undefined || attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function prepare({ settings = {} }: PostgresOptions, port: number): Promise<Postgres> {
  if (postgresMissing !== undefined) throw new Error(postgresMissing);
  const [server = '', initdb = ''] = programs.paths;
  const folder = serverFolder();
  const data = join(folder, 'data');
  await fill(initdb, data, folder);
  // What was answered outlives its processes also without fsync; only a power cut is worse.
  const all = {
    port: `${port}`,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    fsync: 'off',
    ...settings,
  };
  const args = ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let databases = 0;

  const connect = async (database: string): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', password: 'meister', database });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const sql = async (statements: string, database = 'postgres'): Promise<Record<string, unknown>[]> => {
    const client = await connect(database);
    try {
      const answers: unknown = await client.query(statements);
      return (Array.isArray(answers) ? answers.at(-1) : answers).rows;
    } finally {
      await client.end();
    }
  };
  const signal = (name: NodeJS.Signals): void => {
    // The parent first: stopped or dead, it has no further children.
    const pid = child?.pid;
    if (pid === undefined || child?.exitCode !== null || child.signalCode !== null) return;
    child.kill(name);
    for (const backend of childrenOf(pid)) send(backend, name);
  };
  const end = async (name: NodeJS.Signals): Promise<void> => {
    const family = child?.pid === undefined ? [] : childrenOf(child.pid);
    signal('SIGCONT');
    if (name === 'SIGKILL') signal(name);
    else child?.kill(name);
    await ended;
    // A server does not start while a process of the former one lives.
    await eventually('The server’s processes did not end', async () => !family.some(isAlive));
  };
  const url = (name: string): string => `postgres://app:geheim@127.0.0.1:${port}/${name}`;
  return {
    port,
    url: url('app'),
    get pid() {
      return child?.pid ?? 0;
    },
    sql,
    async hold(statements) {
      const client = await connect('app');
      await client.query(`BEGIN; ${statements}`);
      return async () => {
        await client.query('COMMIT');
        await client.end();
      };
    },
    async waits(count) {
      const waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
      await eventually('Nobody waited for a lock', async () => (await sql(waiting)).length >= count);
    },
    async database() {
      const name = `app_${databases++}`;
      await sql(`CREATE DATABASE ${name} OWNER app`);
      return url(name);
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      const next = spawnServer(server, args, folder);
      child = next;
      const log = logOf(next);
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async (): Promise<boolean> => next.exitCode !== null || (await sql('SELECT 1')).length === 1;
      await eventually(`The server on port ${port} did not answer`, alive, 30_000);
      if (next.exitCode !== null) throw new Error(`The server ended: ${log()}`);
    },
    async stop() {
      // Killed it would leave its shared memory behind.
      await end('SIGQUIT');
      removeFolder(folder);
    },
  };
}

/** Makes a cluster where everybody needs a password. */
function fill(program: string, data: string, folder: string): Promise<void> {
  const file = join(folder, 'password');
  writeFileSync(file, 'meister\n');
  handOver(file);
  const how = ['-U', 'postgres', '-A', 'scram-sha-256', '--pwfile', file, '-E', 'UTF8', '--locale', 'C', '--no-sync'];
  const child = spawnServer(program, ['-D', data, ...how], folder);
  const log = logOf(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`initdb failed: ${log()}`))));
  });
}

function logOf(child: ChildProcess): () => string {
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-4000);
    });
  }
  return () => log;
}

/** A backend makes itself the leader of a group of its own, so that no group is all of them. */
function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => statusOf(pid)[1] === `${parent}`);
}

/** Dead ones that nobody has looked after yet are dead. */
function isAlive(pid: number): boolean {
  const [state = 'Z'] = statusOf(pid);
  return state !== 'Z';
}

/** State and parent, as `/proc/pid/stat` has them behind the name in parentheses, which may have blanks in it. */
function statusOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').pop()?.split(' ') ?? [];
  } catch {
    return [];
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
