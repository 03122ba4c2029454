import { MongoClient } from 'mongodb';
import { MongoClient as MongoClient7 } from 'mongodb7';
import { afterAll, describe, test } from 'vitest';
import { openMongodb } from '../../src/store/mongodb.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { mongodbNowhere, mongodbPlace } from '../support/servers/mongodb.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

if (mongodbNowhere !== undefined) {
  describe.skip(called('the store suite on MongoDB', mongodbNowhere), () => test('runs', () => undefined));
} else {
  const place = await mongodbPlace();
  afterAll(() => place.stop());
  await testStore('mongodb, by url', () => openMongodb({ url: place.url('shop') }), runner);

  for (const [version, Client] of [
    ['6', MongoClient],
    ['7', MongoClient7],
  ] as const) {
    const client = new Client(place.driverUrl, {
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
    const open = () => openMongodb({ client, database: place.database('shop') });
    await testStore(`mongodb, a client of mongodb ${version} with other habits`, open, runner);
  }

  const raw = new MongoClient(place.driverUrl, { useBigInt64: true, raw: true });
  afterAll(() => raw.close());
  const collection = raw.db(place.database('shop')).collection('visitors', { raw: true, writeConcern: { w: 0 } });
  await testStore(
    'mongodb, a collection of the user',
    () => openMongodb({ collection: Promise.resolve(collection) }),
    runner,
  );
}
