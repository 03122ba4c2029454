import { Keyv } from 'keyv';
import { describe, expect, test } from 'vitest';
import { fromKeyv } from '../../src/store/keyv.ts';
import { redisProgram, startRedis } from '../support/redis.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/keyv.md';
const { missing } = await redisProgram('redis');

async function works(name: string, from = '', to = ''): Promise<void> {
  const of = block(PAGE, name);
  expect(of.code).toContain(from);
  const { sessions, keyv } = await run({ ...of, code: of.code.replace(from, to) });
  await sessions.backend.set('quote', name);
  expect(await sessions.backend.get('quote')).toBe(name);
  expect(await sessions.sweep()).toBe(0);
  await sessions.close();
  await keyv.disconnect();
}

describe(PAGE, () => {
  test('has blocks that are all run', () => {
    const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
    expect(names).toEqual(['keyv', 'Options']);
  });

  test.skipIf(missing !== undefined)(called('keyv', missing), async () => {
    const server = await startRedis();
    await works('keyv', '127.0.0.1:6379', `127.0.0.1:${server.port}`).finally(() => server.stop());
  });

  test('Options', () => works('Options'));

  test('lists every option of fromKeyv', () => {
    const { listed, known } = optionsOf(PAGE, 'src/store/row-store.ts');
    expect(listed).toEqual(known);
  });

  test('promises what the capabilities say', () => {
    const { capabilities } = fromKeyv(new Keyv({ throwOnErrors: true }));
    expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(capabilities));
  });
});
