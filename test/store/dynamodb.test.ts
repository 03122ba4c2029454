import { afterAll, describe, test } from 'vitest';
import { openDynamodb } from '../../src/store/dynamodb.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { motoMissing, startDynamodb } from '../support/servers/dynamodb.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

const dynalite = await startDynamodb('dynalite');
afterAll(() => dynalite.stop());
const url = await dynalite.table('sessions');
await testStore('DynamoDB (dynalite), by url', () => openDynamodb({ url }), runner);

if (motoMissing !== undefined) {
  describe.skip(called('the store suite on moto', motoMissing), () => test('runs', () => undefined));
} else {
  const moto = await startDynamodb('moto');
  afterAll(() => moto.stop());
  const there = await moto.table('sessions');
  await testStore('DynamoDB (moto), by url', () => openDynamodb({ url: there }), runner);
}
