import { describe } from 'vitest';
import { called } from '../support/redis.ts';
import { postgresMissing } from '../support/servers/postgres.ts';
import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

describe.skipIf(postgresMissing !== undefined)(called('on real PostgreSQL', postgresMissing), () => {
  for (const [one, other, store] of [
    ['express', 'node', 'postgres'],
    ['fetch', 'express', 'postgres as bytes'],
  ] as const) {
    testRaces(`two processes (${one} and ${other}) on ${store}`, () => pair(one, other, store));
  }
});
