import { Datastore } from '@google-cloud/datastore';
import { expect, onTestFinished, test } from 'vitest';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { type DatastoreServer, datastoreMissing, PROJECT, startDatastore } from '../support/servers/datastore.ts';
import { count, type Env, until } from './app.ts';
import { testFaults } from './faults.ts';
import type { Scene } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly datastore: DatastoreServer;
  readonly relay: ByteRelay;
  readonly client: Datastore;
  stop(): Promise<void>;
}

async function start(): Promise<Standing> {
  const datastore = await startDatastore();
  const relay = await startByteRelay(datastore.port);
  const url = datastore.url('sessions');
  const client = new Datastore({ projectId: PROJECT, apiEndpoint: datastore.endpoint });
  return {
    env: { SESSION_URI: url.replace(`:${datastore.port}`, `:${relay.port}`) },
    direct: { SESSION_URI: url },
    datastore,
    relay,
    client,
    async stop() {
      await relay.stop();
      await datastore.stop();
    },
  };
}

/**
 * Whether a frame of HTTP/2 has the answer to a commit: a message of gRPC, which is a byte and a length, that begins
 * with field 3, the results of its mutations. Others begin with field 1.
 */
function isCommitted(answer: Buffer): boolean {
  for (let at = 0; at + 9 <= answer.length; at += 9 + answer.readUIntBE(at, 3)) {
    if (answer[at + 3] === 0 && answer[at + 9 + 5] === 0x1a) return true;
  }
  return false;
}

const wire = byBytes(isCommitted);

const EMULATED = 'the emulator keeps its records in memory and answers before it writes its file';

testFaults<Standing>(
  'Datastore',
  {
    store: 'Datastore',
    missing: datastoreMissing,
    start,
    absent: /opening: /,
    strangers: 'the emulator lets everybody in',
    killed: {
      begin: ({ datastore }) => datastore.kill(),
      end: ({ datastore }) => datastore.restart(),
      // Long enough for gRPC to wait longer and longer, if it were let to.
      ms: 10_000,
    },
    // An emulator that is killed forgets what it held.
    keeps: false,
    silent: { begin: ({ datastore }) => datastore.pause(), end: ({ datastore }) => datastore.resume() },
    ...wire,
    // Whatever is on the one connection goes with it.
    lossy: { ...wire.lossy, most: 10 },
    full: `${EMULATED}; Datastore itself has no disk of ours, and says that a quota is used up`,
    readOnly: `${EMULATED}; Datastore itself has no such mode`,
    withdrawn: 'the emulator lets everybody in',
    truncated: {
      what: 'was cut off',
      begin: (standing, key) => change(standing, key, (entity) => ({ ...entity, document: '{"data":{"a":1' })),
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: (standing, key) => change(standing, key, () => ({ some: 'thing' })),
      leaves: /no record of coatcheck/,
    },
    remove: ({ client }, key) => client.delete(client.key(['sessions', key])),
  },
  testMore,
);

async function change({ client }: Standing, name: string, to: (entity: object) => object): Promise<void> {
  const key = client.key(['sessions', name]);
  const [entity] = await client.get(key);
  await client.save({ key, data: to(entity as object) });
}

function testMore(scene: Scene<Standing>): void {
  test('a write that stops on its way is a 503 in time, and is stored or not when it is back', async () => {
    const { witness, standing, app } = scene;
    const { visitor } = witness;
    const loaded = count(app, 'loaded');
    const slow = visitor.get('/slow?ms=300&k=late&v=1');
    await until(() => count(app, 'loaded') > loaded);
    standing.datastore.pause();
    onTestFinished(() => standing.datastore.resume());
    const { status, json, setCookie } = await slow;
    expect([status, json.error.code, setCookie]).toEqual([503, 'STORE_TIMEOUT', []]);
    standing.datastore.resume();
    await witness.recovered();
    expect([null, '1']).toContain((await visitor.get('/get?k=late')).json.value);
  });
}
