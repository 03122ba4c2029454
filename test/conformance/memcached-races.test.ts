import { describe, test } from 'vitest';
import { memcachedMissing } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';
import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

if (memcachedMissing !== undefined) {
  describe.skip(called('races on memcached', memcachedMissing), () => test('runs', () => undefined));
} else {
  for (const [one, other, store] of [
    ['express', 'node', 'memcached'],
    ['fetch', 'express', 'three memcacheds'],
  ] as const) {
    testRaces(`two processes (${one} and ${other}) on ${store}`, () => pair(one, other, store));
  }
}
