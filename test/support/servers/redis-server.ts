import { type ChildProcess, execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Ca } from './ca.ts';
import { eventually, freePort, removeFolder, serverFolder, spawnServer } from './child.ts';
import { type RedisName, redisProgram } from './program.ts';

const run = promisify(execFile);

export interface RedisOptions {
  /** Default: redis. */
  readonly program?: RedisName;
  /** Further settings, as on the command line: `['--appendonly', 'yes']`. They win. */
  readonly args?: readonly string[];
  readonly password?: string;
  /** Listens with TLS only. */
  readonly tls?: Ca;
  /** Default: a free one. */
  readonly port?: number;
  /** A configuration file that the server may rewrite, as a sentinel needs it. */
  readonly file?: string;
}

/** A running server of its own folder on 127.0.0.1; nothing is kept on disk unless the settings say so. */
export interface Redis {
  readonly port: number;
  /** `redis://:password@127.0.0.1:port`, or `rediss:`. */
  readonly url: string;
  readonly pid: number;
  /** Runs redis-cli, such as `cli('config', 'set', 'maxmemory', '2mb')`; errors of the server are text as well. */
  cli(...args: string[]): Promise<string>;
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

/** Starts a server and waits until it answers. */
export async function startRedis(options: RedisOptions = {}): Promise<Redis> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    const redis = await prepare(options, port);
    try {
      await redis.restart();
      return redis;
    } catch (error) {
      await redis.stop();
      // Somebody took the port between our look and the server's.
      if (options.port !== undefined || attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

async function prepare(options: RedisOptions, port: number): Promise<Redis> {
  const { args = [], password, tls, file } = options;
  const { server, cli, missing } = await redisProgram(options.program ?? 'redis');
  if (missing !== undefined) throw new Error(missing);
  const folder = serverFolder();
  const settings = [...listenOn(port, tls), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...args];
  if (file !== undefined) settings.unshift(file);
  if (password !== undefined) settings.push('--requirepass', password);
  const reach = ['-h', '127.0.0.1', '-p', `${port}`, ...(tls === undefined ? [] : ['--tls', '--cacert', tls.caFile])];
  if (password !== undefined) reach.push('-a', password, '--no-auth-warning');
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let log = '';

  const ask = async (...words: string[]): Promise<string> => {
    const { stdout } = await run(cli, [...reach, ...words], { maxBuffer: 64 * 1024 * 1024 });
    return stdout.replace(/\n$/, '');
  };
  const kill = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  return {
    port,
    url: `redis${tls === undefined ? '' : 's'}://${password === undefined ? '' : `:${encodeURIComponent(password)}@`}127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    cli: ask,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      const next = spawnServer(server, settings, folder);
      child = next;
      log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async (): Promise<boolean> => next.exitCode !== null || (await ask('ping')) === 'PONG';
      await eventually(`The server on port ${port} did not answer`, alive);
      if (next.exitCode !== null) throw new Error(`The server ended: ${log}`);
    },
    async stop() {
      await kill();
      removeFolder(folder);
    },
  };
}

function listenOn(port: number, tls: Ca | undefined): string[] {
  if (tls === undefined) return ['--port', `${port}`];
  const files = ['--tls-cert-file', tls.certFile, '--tls-key-file', tls.keyFile, '--tls-ca-cert-file', tls.caFile];
  return ['--port', '0', '--tls-port', `${port}`, ...files, '--tls-auth-clients', 'no'];
}
