import { MongoClient } from 'mongodb';
import { afterAll, describe, test } from 'vitest';
import { openMongodb } from '../../src/store/mongodb.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { dropTestDatabases, mongodbMissing, realMongodb, startMongodb } from '../support/servers/mongodb.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

if (mongodbMissing !== undefined) {
  describe.skip(called('the store suite on MongoDB', mongodbMissing), () => test('runs', () => undefined));
} else {
  const server = await startMongodb();
  afterAll(() => server.stop());
  await testStore('mongodb, by url', () => openMongodb({ url: `${server.url}/shop` }), runner);

  const client = new MongoClient(server.url, {
    readPreference: 'secondaryPreferred',
    writeConcern: { w: 0 },
    readConcern: { level: 'majority' },
    promoteValues: false,
    promoteLongs: false,
    useBigInt64: false,
    retryWrites: true,
    ignoreUndefined: true,
  });
  afterAll(() => client.close());
  await testStore('mongodb, a client of the user with other habits', () => openMongodb({ client }), runner);

  const raw = new MongoClient(server.url, { useBigInt64: true, raw: true });
  afterAll(() => raw.close());
  const collection = raw.db('shop').collection('visitors', { raw: true, writeConcern: { w: 0 } });
  await testStore(
    'mongodb, a collection of the user',
    () => openMongodb({ collection: Promise.resolve(collection) }),
    runner,
  );
}

if (realMongodb !== undefined) {
  const url = realMongodb;
  afterAll(() => dropTestDatabases(url));
  await testStore('a MongoDB of yours, by url', () => openMongodb({ url, database: 'coatcheck_test_url' }), runner);
  const { MongoClient: MongoClient7 } = await import('mongodb7');
  for (const [driver, Client] of [
    ['6', MongoClient],
    ['7', MongoClient7],
  ] as const) {
    const client = new Client(url);
    afterAll(() => client.close());
    const open = () => openMongodb({ client, database: `coatcheck_test_${driver}` });
    await testStore(`a MongoDB of yours, a client of mongodb ${driver}`, open, runner);
  }
}
