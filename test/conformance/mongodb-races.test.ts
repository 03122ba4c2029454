import { describe, test } from 'vitest';
import { mongodbNowhere } from '../support/servers/mongodb.ts';
import { called } from '../support/servers/program.ts';
import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

if (mongodbNowhere !== undefined) {
  describe.skip(called('races on MongoDB', mongodbNowhere), () => test('runs', () => undefined));
} else {
  for (const [one, other] of [
    ['express', 'node'],
    ['fetch', 'express'],
  ] as const) {
    testRaces(`two processes (${one} and ${other}) on one MongoDB`, () => pair(one, other, 'mongodb'));
  }
}
