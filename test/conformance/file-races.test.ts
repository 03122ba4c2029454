import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

for (const [one, other] of [
  ['express', 'node'],
  ['fetch', 'express'],
] as const) {
  testRaces(`two processes (${one} and ${other}) on one folder of files`, () => pair(one, other, 'files'));
}
