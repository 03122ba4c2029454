import { type ChildProcess, execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MongoClient } from 'mongodb';
import { eventually, freePort, removeFolder, serverFolder, spawnServer } from './child.ts';
import { findPrograms, programPath } from './program.ts';

const run = promisify(execFile);

const TOOLS = fileURLToPath(new URL('../../../tools/mongodb/', import.meta.url));

/**
 * A MongoDB of yours, such as `mongodb://127.0.0.1:27017`, on which all is tested that wants no server to kill. The
 * databases have names of their own, which begin with `coatcheck_test`, and are dropped afterwards.
 */
const YOURS: string | undefined = process.env.COATCHECK_TEST_MONGODB || undefined;

/** Where tests may have databases: a server of theirs, or yours. */
export interface MongodbPlace {
  /** For clients of the driver. */
  readonly driverUrl: string;
  /** The name of a database of this place alone: the same for the same word. */
  database(word: string): string;
  /** Our URL of that database. */
  url(word: string): string;
  /** Ends the server, or drops the databases of yours. */
  stop(): Promise<void>;
}

/**
 * A running mongo-java-server of its own folder on 127.0.0.1: it speaks MongoDB's protocol, compares and sets exactly,
 * and keeps what it holds in a file. It knows no users, no TLS, and sweeps no TTL index.
 */
export interface Mongodb {
  readonly port: number;
  /** `mongodb://127.0.0.1:port` */
  readonly url: string;
  readonly pid: number;
  /** Stopped in its tracks: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is dead. What was acknowledged is in the file. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Why there is no server, and how to get it; undefined where there is. Fetched and compiled where that was not done. */
export const mongodbMissing: string | undefined = await lookUp();

/** Why there is neither a server nor one of yours. */
export const mongodbNowhere: string | undefined = YOURS === undefined ? mongodbMissing : undefined;

/** A place on a server that is started for it, or on yours. */
export async function mongodbPlace(): Promise<MongodbPlace> {
  return YOURS === undefined ? placeOn(await startMongodb({ wireVersion: 9 })) : placeAt(YOURS);
}

function placeOn({ url, stop }: Mongodb): MongodbPlace {
  return { driverUrl: url, database: (word) => word, url: (word) => `${url}/${word}`, stop };
}

function placeAt(url: string): MongodbPlace {
  const prefix = `coatcheck_test_${randomUUID().slice(0, 8)}_`;
  const database = (word: string): string => `${prefix}${word}`;
  return {
    driverUrl: url,
    database,
    // The name behind the host may be where its user logs in.
    url(word) {
      const [host = '', query] = url.split('?');
      const path = /:\/\/[^/]+\//.test(host) ? host : `${host}/`;
      return `${path}?${query === undefined ? '' : `${query}&`}database=${database(word)}`;
    },
    stop: () => dropDatabases(url, prefix),
  };
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new MongoClient(url);
  const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
  for (const { name } of databases) if (name.startsWith(prefix)) await client.db(name).dropDatabase();
  await client.close();
}

interface MongodbOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** What it says that it speaks. Default: 8, which drivers before 7 take. */
  readonly wireVersion?: number;
}

/** Starts a server and waits until it answers. */
export async function startMongodb({ port: wanted, wireVersion }: MongodbOptions = {}): Promise<Mongodb> {
  if (mongodbMissing !== undefined) throw new Error(mongodbMissing);
  for (let attempt = 1; ; attempt++) {
    const mongodb = prepare(wanted ?? (await freePort()), wireVersion);
    try {
      await mongodb.restart();
      return mongodb;
    } catch (error) {
      await mongodb.stop();
      // Somebody took the port between our look and the server's.
      if (wanted !== undefined || attempt === 3 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

function prepare(port: number, wireVersion: number | undefined): Mongodb {
  const folder = serverFolder();
  // Whom the server runs as may not look into the folder of this repository.
  cpSync(join(TOOLS, 'target/server'), join(folder, 'server'), { recursive: true });
  const lean = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xmx256m', '-XX:-UsePerfData'];
  const wire = wireVersion === undefined ? [] : [`${wireVersion}`];
  const args = [...lean, '-cp', 'server:server/*', 'Main', `${port}`, join(folder, 'data.mv.db'), ...wire];
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  let log = '';

  const die = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  return {
    port,
    url: `mongodb://127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    pause() {
      child?.kill('SIGSTOP');
      waitUntilStopped(child?.pid ?? 0);
    },
    resume: () => void child?.kill('SIGCONT'),
    kill: die,
    async restart() {
      await die();
      const next = spawnServer(programPath('java') ?? 'java', args, folder);
      child = next;
      log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const listens = async (): Promise<boolean> => next.exitCode !== null || log.includes('listening');
      await eventually(`The server on port ${port} did not begin to listen`, listens, 60_000);
      if (next.exitCode !== null) throw new Error(`The server ended: ${log}`);
    },
    async stop() {
      await die();
      removeFolder(folder);
    },
  };
}

/** On a busy machine some threads of it go on answering for a moment after the signal. */
function waitUntilStopped(pid: number): void {
  const tasks = `/proc/${pid}/task`;
  const end = performance.now() + 5000;
  const isStopped = (task: string): boolean => /^State:\s+T/m.test(readFileSync(`${tasks}/${task}/status`, 'utf8'));
  while (existsSync(tasks) && performance.now() < end && !readdirSync(tasks).every(isStopped)) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

async function lookUp(): Promise<string | undefined> {
  const java = await findPrograms({ debian: 'default-jdk-headless', programs: ['java', 'javac'] });
  const maven = await findPrograms({ debian: 'maven', programs: ['mvn'] });
  const missing = java.missing ?? maven.missing;
  if (missing !== undefined) return missing;
  try {
    await fetchServer();
    return undefined;
  } catch (error) {
    const why = `mongo-java-server cannot be fetched by mvn: ${String(error).slice(0, 300)}`;
    if (process.env.CI === 'true') throw new Error(why);
    console.warn(`Skipping what needs MongoDB: ${why}`);
    return why;
  }
}

/** Waits for other workers that do it, and does nothing where it was done. */
async function fetchServer(): Promise<void> {
  const script = `
    set -e
    cd "$1"
    [ ! target/server/Main.class -nt Main.java ] || [ ! target/server/Main.class -nt pom.xml ] || exit 0
    rm -rf target
    mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory=target/server -DincludeScope=runtime >&2
    javac -cp 'target/server/*' -d target/classes Main.java
    mv target/classes/Main*.class target/server/`;
  const shell = ['sh', '-c', script, 'sh', TOOLS];
  const flock = programPath('flock');
  const [command = '', ...args] = flock === undefined ? shell : [flock, join(tmpdir(), 'coatcheck-mvn.lock'), ...shell];
  await run(command, args, { timeout: 300_000 });
}
