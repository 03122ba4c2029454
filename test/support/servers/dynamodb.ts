import { type ChildProcess, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createTable } from '../../../src/store/dynamodb.ts';
import { eventually, freePort, removeFolder, serverFolder, spawnServer } from './child.ts';

/** Servers that speak DynamoDB's protocol: one for the conditions, one that knows TTL as well. */
export type DynamodbName = 'dynalite' | 'moto';

/** A running server of its own folder on 127.0.0.1. */
export interface Dynamodb {
  readonly name: DynamodbName;
  readonly port: number;
  readonly endpoint: string;
  readonly pid: number;
  /** `dynamodb://key:secret@region/table?endpoint=...`; the table need not be there. */
  url(table: string): string;
  /** Makes a table and gives its URL. */
  table(name: string): Promise<string>;
  /** Stopped in its tracks: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on the same port, and waits until it answers. dynalite keeps its tables, moto forgets them. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const python = process.env.COATCHECK_PYTHON ?? 'python3';

/** Why moto is not here; undefined where it is. With CI=true it is expected, and its tests fail instead. */
export const motoMissing: string | undefined = lackingMoto();

function lackingMoto(): string | undefined {
  const { status, error, stderr } = spawnSync(python, ['-c', 'import moto.server, flask_cors'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  const why = error?.message ?? stderr.trim().split('\n').at(-1);
  const missing = `${python} cannot import moto's server: ${why}; pip install 'moto[server]==5.2.*'`;
  if (process.env.CI === 'true') throw new Error(missing);
  console.warn(`Skipping what needs moto: ${missing}`);
  return missing;
}

const REGION = 'eu-west-1';
/** What the servers take is anything. */
export const CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'geheim/+=' };

interface Options {
  /** Default: a free one. */
  readonly port?: number;
  /** moto lets nobody in after so many calls. */
  readonly callsForAll?: number;
}

/** Starts a server and waits until it answers. */
export async function startDynamodb(name: DynamodbName = 'dynalite', options: Options = {}): Promise<Dynamodb> {
  const { port = await freePort(), callsForAll } = options;
  const folder = serverFolder();
  const endpoint = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const kill = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  const login = `${CREDENTIALS.accessKeyId}:${encodeURIComponent(CREDENTIALS.secretAccessKey)}`;
  const server: Dynamodb = {
    name,
    port,
    endpoint,
    get pid() {
      return child?.pid ?? 0;
    },
    url: (table) => `dynamodb://${login}@${REGION}/${table}?endpoint=${endpoint}`,
    async table(table) {
      await createTable({ url: server.url(table) });
      return server.url(table);
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      const [program, args] = commandOf(name, port, folder, callsForAll);
      // A Python of somebody's own stands in a folder of theirs.
      const next = spawnServer(program, args, folder, name === 'moto');
      child = next;
      let log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async (): Promise<boolean> => next.exitCode !== null || (await fetch(endpoint)).status > 0;
      await eventually(`${name} did not answer on port ${port}`, alive, 60_000);
      if (next.exitCode !== null) throw new Error(`${name} ended: ${log}`);
    },
    async stop() {
      await kill();
      removeFolder(folder);
    },
  };
  try {
    await server.restart();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** moto's threads check a condition and write without a lock: of 50 increments by compare-and-set, 46 counted. */
const ONE_AT_A_TIME = `
import os, sys
os.environ['INITIAL_NO_AUTH_ACTION_COUNT'] = sys.argv.pop(1)
import moto.server as server
run = server.run_simple
server.run_simple = lambda *args, **more: run(*args, **{**more, 'threaded': False})
server.main(sys.argv[1:])`;

function commandOf(name: DynamodbName, port: number, folder: string, calls: number | undefined): [string, string[]] {
  if (name === 'moto')
    return [python, ['-c', ONE_AT_A_TIME, calls?.toString() ?? 'inf', '-H', '127.0.0.1', '-p', `${port}`]];
  const cli = join(dirname(createRequire(import.meta.url).resolve('dynalite')), 'cli.js');
  const listen = ['--host', '127.0.0.1', '--port', `${port}`];
  return [process.execPath, [cli, ...listen, '--path', join(folder, 'tables'), '--createTableMs', '1']];
}
