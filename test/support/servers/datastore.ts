import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Datastore } from '@google-cloud/datastore';
import { eventually, freePort, removeFolder, serverFolder, spawnServer } from './child.ts';
import { programPath } from './program.ts';

/** Where tests may have kinds: an emulator of theirs, or the one that DATASTORE_EMULATOR_HOST names. */
export interface DatastorePlace {
  /** For clients of the driver. */
  readonly apiEndpoint: string;
  /** The name of a namespace of this place alone: the same for the same word. */
  namespace(word: string): string;
  /** Our URL of a kind there. */
  url(kind: string, word: string): string;
  /** Ends the emulator, or deletes what stands in the namespaces. */
  stop(): Promise<void>;
}

/** A running emulator of its own folder on 127.0.0.1, in the mode of today's databases. */
export interface DatastoreServer {
  readonly port: number;
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  /** `host:port`, as DATASTORE_EMULATOR_HOST has it. */
  readonly host: string;
  readonly pid: number;
  /** `datastore://project/kind?namespace=...&endpoint=...`. */
  url(kind: string, namespace?: string): string;
  /** Stopped in its tracks: connections stay open and nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves once it is dead. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with nothing in it, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

// Clients that tests make would look for Google's metadata server on the network.
process.env.METADATA_SERVER_DETECTION = 'none';

/** Where Google Cloud's SDK may be, with the emulator as a component. */
const SDKS = [
  process.env.CLOUDSDK_ROOT_DIR,
  '/usr/lib/google-cloud-sdk',
  '/usr/share/google-cloud-sdk',
  '/opt/google-cloud-sdk',
  '/snap/google-cloud-cli/current',
  process.env.HOME && join(process.env.HOME, 'google-cloud-sdk'),
];
const JAR = SDKS.map((sdk) => sdk && join(sdk, 'platform/cloud-datastore-emulator/CloudDatastore.jar')).find(
  (path) => path !== undefined && existsSync(path),
);
const JAVA = programPath('java');

/**
 * Why the emulator is not here; undefined where it is. No package of Debian, npm or PyPI has it, so that it may be missing
 * with CI=true as well.
 */
export const datastoreMissing: string | undefined = whyMissing();

function whyMissing(): string | undefined {
  const missing =
    JAR === undefined
      ? "there is no emulator of Google Cloud's SDK: gcloud components install cloud-datastore-emulator"
      : JAVA === undefined
        ? 'there is no java: apt-get install default-jre-headless'
        : undefined;
  if (missing !== undefined) console.warn(`SKIPPED: what needs Datastore: ${missing}`);
  return missing;
}

export const PROJECT = 'coatcheck-test';

/** An emulator that is running already; undefined where nobody answers. */
const YOURS: string | undefined = await answering(process.env.DATASTORE_EMULATOR_HOST);

async function answering(host: string | undefined): Promise<string | undefined> {
  if (!host) return undefined;
  const answer = await fetch(`http://${host}`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  if (answer?.ok) return host;
  console.warn(`Nobody answers where DATASTORE_EMULATOR_HOST says: ${host}`);
  // Clients would look for it there.
  delete process.env.DATASTORE_EMULATOR_HOST;
  return undefined;
}

/** Why there is neither an emulator nor one of yours. */
export const datastoreNowhere: string | undefined = YOURS === undefined ? datastoreMissing : undefined;

/** A place on an emulator that is started for it, or on yours. */
export async function datastorePlace(): Promise<DatastorePlace> {
  if (YOURS !== undefined) return placeAt(YOURS);
  const { endpoint, url, stop } = await startDatastore();
  return { apiEndpoint: endpoint, namespace: (word) => word, url, stop };
}

function placeAt(host: string): DatastorePlace {
  const prefix = `coatcheck-test-${randomUUID().slice(0, 8)}-`;
  const namespace = (word: string): string => `${prefix}${word}`;
  const endpoint = `http://${host}`;
  return {
    apiEndpoint: endpoint,
    namespace,
    // The client finds it by the variable; as an endpoint one on another machine would have to speak TLS.
    url: (kind, word) => `datastore://${PROJECT}/${kind}?namespace=${namespace(word)}`,
    async stop() {
      const client = new Datastore({ projectId: PROJECT, apiEndpoint: endpoint });
      const [namespaces] = await client.runQuery(client.createQuery('__namespace__'));
      for (const name of namespaces
        .map((one) => String(one[client.KEY].name))
        .filter((one) => one.startsWith(prefix))) {
        const [kinds] = await client.runQuery(client.createQuery(name, '__kind__'));
        for (const kind of kinds.map((one) => String(one[client.KEY].name))) {
          const [entities] = await client.runQuery(client.createQuery(name, kind).select('__key__'));
          await client.delete(entities.map((entity) => entity[client.KEY]));
        }
      }
    },
  };
}

/** Starts an emulator and waits until it answers. */
export async function startDatastore(options: { port?: number } = {}): Promise<DatastoreServer> {
  if (datastoreMissing !== undefined) throw new Error(datastoreMissing);
  const { port = await freePort() } = options;
  const folder = serverFolder();
  const endpoint = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let ended: Promise<void> = Promise.resolve();
  const kill = (): Promise<void> => {
    child?.kill('SIGKILL');
    return ended;
  };
  const server: DatastoreServer = {
    port,
    endpoint,
    host: `127.0.0.1:${port}`,
    get pid() {
      return child?.pid ?? 0;
    },
    url(kind, namespace) {
      const within = namespace === undefined ? '' : `namespace=${namespace}&`;
      return `datastore://${PROJECT}/${kind}?${within}endpoint=${endpoint}`;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    kill,
    async restart() {
      await kill();
      const next = spawnServer(JAVA ?? '', commandOf(port, folder), folder);
      child = next;
      let log = '';
      for (const stream of [next.stdout, next.stderr]) {
        stream?.on('data', (chunk) => {
          log = `${log}${chunk}`.slice(-4000);
        });
      }
      ended = new Promise((resolve) => next.once('close', () => resolve()));
      const alive = async (): Promise<boolean> => next.exitCode !== null || (await fetch(endpoint)).ok;
      await eventually(`The emulator did not answer on port ${port}`, alive, 60_000);
      if (next.exitCode !== null) throw new Error(`The emulator ended: ${log}`);
      // It listens a second before it has loaded what it answers with.
      const client = new Datastore({ projectId: PROJECT, apiEndpoint: endpoint });
      await client.get(client.key(['nobody', 'here']));
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

function commandOf(port: number, folder: string): string[] {
  const start = ['com.google.cloud.datastore.emulator.CloudDatastore', 'start', '--host=127.0.0.1', `--port=${port}`];
  return [
    '-Xmx256m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    JAR ?? '',
    ...start,
    '--testing',
    '--firestore_in_datastore_mode',
    folder,
  ];
}
