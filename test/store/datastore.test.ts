import { Datastore } from '@google-cloud/datastore';
import { afterAll, describe, test } from 'vitest';
import { openDatastore } from '../../src/store/datastore.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { datastoreNowhere, datastorePlace, PROJECT } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

if (datastoreNowhere !== undefined) {
  describe.skip(called('the store suite on Datastore', datastoreNowhere), () => test('runs', () => undefined));
} else {
  const place = await datastorePlace();
  afterAll(() => place.stop());
  await testStore('Datastore by url', () => openDatastore({ url: place.url('sessions', 'shop') }), runner);

  const client = new Datastore({
    projectId: PROJECT,
    apiEndpoint: place.apiEndpoint,
    namespace: place.namespace('theirs'),
  });
  await testStore('a client of Datastore', () => openDatastore({ client }), runner);
}
