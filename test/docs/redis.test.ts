import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { testStore } from '../../src/testing/index.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { block, pageBlocks, root, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/redis.md';
const text = readFileSync(join(root, PAGE), 'utf8');

const { missing } = await redisProgram('redis');

if (missing !== undefined) {
  test.skip(called(PAGE, missing), () => undefined);
} else {
  const redis = await startRedis();
  afterAll(() => redis.stop());

  describe(PAGE, () => {
    test.each(pageBlocks(PAGE).filter(({ language }) => language === 'ts'))('$name', async ({ name }) => {
      const of = block(PAGE, name);
      const { sessions, client } = await run({
        ...of,
        code: of.code.replaceAll('redis://127.0.0.1:6379', redis.url),
      });
      await sessions.ready();
      await sessions.backend.set('quote', name);
      expect(await sessions.backend.get('quote')).toBe(name);
      expect(await redis.cli('--scan')).toContain('coatcheck:backend:');
      await sessions.close();
      // A client that was handed in is its owner's.
      expect(client?.isOpen ?? true).toBe(true);
      client?.destroy();
    });

    test('promises what the capabilities say', async () => {
      const store = await openRedis({ url: redis.url });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.close?.();
    });

    test('lists every option of openRedis', () => {
      const { listed, known } = optionsOf(PAGE, 'src/store/redis.ts');
      expect(listed).toEqual(known);
      expect(listed.length).toBeGreaterThan(4);
    });
  });

  // What is beyond the line is not needed, and what is in it suffices.
  const [, line = ''] = /^ACL SETUSER (.*)$/m.exec(text) ?? [];
  const [user = '', ...rules] = line.split(' ');
  await redis.cli('acl', 'setuser', user, 'reset', ...rules);
  for (const driver of ['redis', 'ioredis'] as const) {
    await testStore(
      `the user of ${PAGE}, by ${driver}`,
      () => openRedis({ url: `redis://${user}:secret@127.0.0.1:${redis.port}`, driver }),
      { test, skip: test.skip },
    );
  }

  test(`the user of ${PAGE} reaches no other application's keys, and no command on all of them`, async () => {
    const as = (...args: string[]) => redis.cli('--user', user, '--pass', 'secret', '--no-auth-warning', ...args);
    for (const command of [
      ['get', 'other:1'],
      ['set', 'other:1', 'x'],
      ['flushall'],
      ['keys', '*'],
      ['config', 'get', '*'],
    ]) {
      expect(await as(...command)).toContain('NOPERM');
    }
  });
}
