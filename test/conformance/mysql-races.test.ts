import { describe } from 'vitest';
import { mysqlMissing } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';
import { fleet } from './app.ts';
import { testRaces } from './races.ts';

const { pair } = fleet();

describe.skipIf(mysqlMissing !== undefined)(called('on real MariaDB', mysqlMissing), () => {
  for (const [one, other, store] of [
    ['express', 'node', 'mysql'],
    ['fetch', 'express', 'mysql as JSON'],
  ] as const) {
    testRaces(`two processes (${one} and ${other}) on ${store}`, () => pair(one, other, store));
  }
});
