import { type ChildProcess, execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort, removeFolder, serverFolder, spawnServer } from './child.ts';
import { findPrograms, type Programs } from './program.ts';

const run = promisify(execFile);

export interface MysqlOptions {
  /** Further settings, as on the command line: `['--max-connections=5']`. They win. */
  readonly args?: readonly string[];
  /** Default: a free one. */
  readonly port?: number;
}

/** A running MariaDB of its own folder on 127.0.0.1, with an empty database `app` and the user `app`, password `geheim`. */
export interface Mysql {
  readonly port: number;
  /** `mysql://app:geheim@127.0.0.1:port/app`. */
  readonly url: string;
  readonly pid: number;
  /** Runs statements as root, past the network; what SELECT gives is text, columns with tabs between them. */
  sql(statements: string): Promise<string>;
  /** A new empty database that the user may use, and its URL. */
  database(): Promise<string>;
  /** Stopped in its tracks: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** MariaDB of Debian, which has no MySQL; and what starts it. */
export async function mysqlPrograms(): Promise<Programs> {
  const server = await findPrograms({ debian: 'mariadb-server-core', programs: ['mariadbd', 'mariadb-install-db'] });
  const client = await findPrograms({ debian: 'mariadb-client-core', programs: ['mariadb'] });
  return { paths: [...server.paths, ...client.paths], missing: server.missing ?? client.missing };
}

/** Why MariaDB is not here; undefined where it is. */
export const mysqlMissing: string | undefined = (await mysqlPrograms()).missing;

/** Small, and quick to come and go; what was answered is on the disk all the same, as by default. */
const SETTINGS = [
  '--bind-address=127.0.0.1',
  '--skip-name-resolve',
  '--innodb-buffer-pool-size=32M',
  '--innodb-log-file-size=16M',
  '--performance-schema=OFF',
  '--skip-log-bin',
];

/** Starts a server and waits until it answers. */
export async function startMysql(options: MysqlOptions = {}): Promise<Mysql> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const mysql = await prepare(options, port);
    try {
      await mysql.restart();
      await mysql.sql(`CREATE USER app@'%' IDENTIFIED BY 'geheim'; ${granted('app')}`);
      return mysql;
    } catch (error) {
      await mysql.stop();
      // Somebody took the port between our look and the server's.
      if (options.port !== undefined || attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

function granted(name: string): string {
  return `CREATE DATABASE ${name}; GRANT ALL ON ${name}.* TO app@'%';`;
}

async function prepare({ args = [] }: MysqlOptions, port: number): Promise<Mysql> {
  const { paths, missing } = await mysqlPrograms();
  if (missing !== undefined) throw new Error(missing);
  const [server = '', installer = '', client = ''] = paths;
  const folder = serverFolder();
  const [data, socket] = [join(folder, 'data'), join(folder, 's')];
  // Before any other: no file of the machine's has a say.
  const settings = ['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, ...SETTINGS, ...args];
  await install(installer, data, folder, args);
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let databases = 0;

  const sql = async (statements: string): Promise<string> => {
    const reach = ['--no-defaults', '--protocol=socket', `--socket=${socket}`, '--user=root', '--batch', '-N', '-e'];
    const { stdout } = await run(client, [...reach, statements], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.replace(/\n$/, '');
  };
  const kill = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  const url = (name: string): string => `mysql://app:geheim@127.0.0.1:${port}/${name}`;
  return {
    port,
    url: url('app'),
    get pid() {
      return child?.pid ?? 0;
    },
    sql,
    async database() {
      const name = `app_${databases++}`;
      await sql(granted(name));
      return url(name);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      const next = spawnServer(server, settings, folder);
      child = next;
      let log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async (): Promise<boolean> => next.exitCode !== null || (await sql('SELECT 1')) === '1';
      await eventually(`The server on port ${port} did not answer`, alive, 30_000);
      if (next.exitCode !== null) throw new Error(`The server ended: ${log}`);
    },
    async stop() {
      await kill();
      removeFolder(folder);
    },
  };
}

/** Fills a folder with the server's own tables; root may come in by the socket and without a password. */
function install(program: string, data: string, folder: string, args: readonly string[]): Promise<void> {
  const child = spawnServer(
    program,
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db', ...args],
    folder,
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-4000);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`mariadb-install-db failed: ${log}`))));
  });
}
