import { Datastore } from '@google-cloud/datastore';
import { afterAll, describe, test } from 'vitest';
import { openDatastore } from '../../src/store/datastore.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { datastoreMissing, PROJECT, startDatastore } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

if (datastoreMissing !== undefined) {
  describe.skip(called('the store suite on Datastore', datastoreMissing), () => test('runs', () => undefined));
} else {
  const server = await startDatastore();
  afterAll(() => server.stop());
  await testStore('Datastore by url', () => openDatastore({ url: server.url('sessions', 'shop') }), runner);

  const client = new Datastore({ projectId: PROJECT, apiEndpoint: server.endpoint, namespace: 'theirs' });
  await testStore('a client of Datastore', () => openDatastore({ client }), runner);
}
