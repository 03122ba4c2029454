import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { type Mongodb, mongodbMissing, startMongodb } from '../support/servers/mongodb.ts';
import type { Env } from './app.ts';
import { testFaults } from './faults.ts';
import { allowFiles, folderOf, limitMissing } from './faults-process.ts';
import type { Refusal } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly mongodb: Mongodb;
  readonly relay: ByteRelay;
  readonly client: MongoClient;
  stop(): Promise<void>;
}

async function start(): Promise<Standing> {
  const mongodb = await startMongodb();
  const relay = await startByteRelay(mongodb.port);
  const client = new MongoClient(mongodb.url);
  return {
    env: { SESSION_URI: `mongodb://127.0.0.1:${relay.port}` },
    direct: { SESSION_URI: mongodb.url },
    mongodb,
    relay,
    client,
    async stop() {
      await client.close();
      await relay.stop();
      await mongodb.stop();
    },
  };
}

const records = ({ client }: Standing) =>
  client.db('test').collection<{ _id: string; document?: string; some?: string }>('coatcheck_sessions');

/** The server's own words say no more; it is not MongoDB's own. */
const OWN = /MongoDB met an error of its own/;

/** The server gives its file up after the first write that failed, and soon cannot even read what is before a write. */
const full: Refusal<Standing> = {
  what: 'is full',
  refuses: 'writes',
  outcome: 'either',
  begin: ({ mongodb }) => allowFiles(mongodb.pid, false),
  end: ({ mongodb }) => mongodb.restart(),
  says: OWN,
};

const readOnly: Refusal<Standing> = {
  what: 'only reads',
  refuses: 'writes',
  outcome: 'either',
  begin: ({ mongodb }) => again(mongodb, 0o444),
  end: ({ mongodb }) => again(mongodb, 0o644),
  says: OWN,
};

async function again(mongodb: Mongodb, mode: number): Promise<void> {
  const file = join(folderOf(mongodb.pid), 'data.mv.db');
  await mongodb.kill();
  chmodSync(file, mode);
  await mongodb.restart();
}

/** What an answer to an update has. */
const wire = byBytes((answer) => answer.includes('nModified'));

testFaults<Standing>('MongoDB', {
  store: 'MongoDB',
  missing: mongodbMissing,
  start,
  absent: /opening: there is no connection/,
  strangers: [
    [
      'one that does not know our user',
      ({ mongodb }) => mongodb.url.replace('//', '//ann:geheim@'),
      /opening: .*password/,
    ],
  ],
  killed: { begin: ({ mongodb }) => mongodb.kill(), end: ({ mongodb }) => mongodb.restart() },
  keeps: true,
  // The driver looks about for a server now and then.
  patience: 5000,
  // Longer than connections are kept.
  silent: { begin: ({ mongodb }) => mongodb.pause(), end: ({ mongodb }) => mongodb.resume(), ms: 5500 },
  ...wire,
  // After a break the driver waits for half a second.
  lossy: { ...wire.lossy, most: 7 },
  full: limitMissing ?? full,
  readOnly,
  withdrawn: 'mongo-java-server knows no users',
  truncated: {
    what: 'was cut off',
    begin: async (standing, key) => {
      const found = await records(standing).findOne({ _id: key });
      await records(standing).updateOne({ _id: key }, { $set: { document: `${found?.document?.slice(0, 20)}` } });
    },
    leaves: 'nobody',
  },
  foreign: {
    what: 'somebody else wrote',
    begin: (standing, key) => records(standing).replaceOne({ _id: key }, { some: 'thing' }),
    leaves: /no record of coatcheck/,
  },
  remove: (standing, key) => records(standing).deleteOne({ _id: key }),
});
