import { afterAll, describe, expect, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { openMemcached } from '../../src/store/memcached.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/memcached.md';

test(`${PAGE} lists every option of openMemcached`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/memcached.ts');
  expect(listed).toEqual(known);
  expect(listed.length).toBeGreaterThan(4);
});

if (memcachedMissing !== undefined) {
  test.skip(called(PAGE, memcachedMissing), () => undefined);
} else {
  const memcached = await startMemcached();
  afterAll(() => memcached.stop());

  describe(PAGE, () => {
    test.each(pageBlocks(PAGE).filter(({ language }) => language === 'ts'))('$name', async ({ name }) => {
      const of = block(PAGE, name);
      const code = of.code.replaceAll('127.0.0.1:11211', `127.0.0.1:${memcached.port}`);
      const { sessions, store } = await run({ ...of, code });
      await sessions.ready();
      await sessions.backend.set('quote', name);
      expect(await sessions.backend.get('quote')).toBe(name);
      const prefix = store === undefined ? 'coatcheck:' : 'shop:';
      const keys = async () => (await memcached.dump()).map(({ key }) => key);
      await expect.poll(keys).toContainEqual(expect.stringMatching(`^${prefix}backend:`));
      await sessions.close();
      await store?.close();
    });

    test('promises what the capabilities say', async () => {
      const store = await openMemcached({ url: memcached.url });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.close?.();
    });

    test('says what becomes of owners: an error that names the stores that keep them', async () => {
      const store = await openMemcached({ url: memcached.url });
      const sessions = createSessions({ store, ownerOf: () => 'ann' });
      const unsupported = { code: 'OWNERS_UNSUPPORTED', message: expect.stringMatching(/SQLite.*Redis/) };
      for (const asked of [sessions.listFor('ann'), sessions.revoke('ann', 'x'), sessions.revokeAll('ann')]) {
        await expect(asked).rejects.toMatchObject(unsupported);
      }
      await expect(sessions.forgetOwner('ann')).rejects.toMatchObject(unsupported);
      expect(() => createSessions({ store, ownerOf: () => 'ann', maxPerOwner: 3 })).toThrow(
        expect.objectContaining(unsupported),
      );
      await store.close?.();
    });
  });
}
