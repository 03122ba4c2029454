import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

for (const [one, other] of [
  ['express', 'express'],
  ['node', 'fetch'],
] as const) {
  testRaces(`two processes (${one} and ${other}) on one SQLite file`, () => pair(one, other, 'sqlite'));
}
