import { describe, test } from 'vitest';
import { datastoreNowhere } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';
import { fleet } from './app.ts';
import { testRaces } from './races.ts';

if (datastoreNowhere !== undefined) {
  describe.skip(called('two processes on Datastore', datastoreNowhere), () => test('race', () => undefined));
} else {
  const { pair } = fleet();
  testRaces('two processes (fetch and express) on Datastore', () => pair('fetch', 'express', 'datastore'));
}
