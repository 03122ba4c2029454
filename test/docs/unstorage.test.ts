import { createStorage } from 'unstorage';
import { describe, expect, test } from 'vitest';
import { fromUnstorage } from '../../src/store/unstorage.ts';
import { redisProgram, startRedis } from '../support/redis.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/unstorage.md';
const { missing } = await redisProgram('redis');

async function works(name: string, from: string, to: string): Promise<void> {
  const of = block(PAGE, name);
  expect(of.code).toContain(from);
  const { sessions, storage } = await run({ ...of, code: of.code.replace(from, to) });
  await sessions.backend.set('quote', name);
  expect(await sessions.backend.get('quote')).toBe(name);
  expect(await storage.getKeys()).toContainEqual(expect.stringMatching(/^(sessions:)?backend\.[0-9a-f]{64}$/));
  await sessions.close();
  await storage.dispose();
}

describe(PAGE, () => {
  test('has blocks that are all run', () => {
    const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
    expect(names).toEqual(['unstorage', 'Options']);
  });

  test('unstorage', () => works('unstorage', './sessions', scratch()));

  test.skipIf(missing !== undefined)(called('Options', missing), async () => {
    const server = await startRedis();
    await works('Options', '127.0.0.1:6379', `127.0.0.1:${server.port}`).finally(() => server.stop());
  });

  test('lists every option of fromUnstorage', () => {
    const { listed, known } = optionsOf(PAGE, 'src/store/row-store.ts');
    expect(listed).toEqual(known);
  });

  test('promises what the capabilities say', () => {
    const { capabilities } = fromUnstorage(createStorage());
    expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(capabilities));
  });
});
