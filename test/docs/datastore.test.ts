import { afterAll, describe, expect, test, vi } from 'vitest';
import { openDatastore } from '../../src/store/datastore.ts';
import { datastoreMissing, startDatastore } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/datastore.md';

test(`${PAGE} lists every option of openDatastore`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/datastore.ts');
  expect(listed).toEqual(known);
  expect(listed.length).toBeGreaterThan(5);
});

if (datastoreMissing !== undefined) {
  test.skip(called(PAGE, datastoreMissing), () => undefined);
} else {
  const server = await startDatastore();
  vi.stubEnv('DATASTORE_EMULATOR_HOST', server.host);
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  describe(PAGE, () => {
    test.each(pageBlocks(PAGE).filter(({ language }) => language === 'ts'))('$name', async ({ name }) => {
      const { sessions, client } = await run(block(PAGE, name));
      await sessions.ready();
      await sessions.backend.set('quote', name);
      expect(await sessions.backend.get('quote')).toBe(name);
      await sessions.close();
      // A client that was handed in is its owner's.
      if (client !== undefined) {
        const [found] = await client.runQuery(client.createQuery('sessions'));
        expect(found).toHaveLength(1);
      }
    });

    test('promises what the capabilities say, and lists every property', async () => {
      const store = await openDatastore({ project: 'shop', kind: 'listed' });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.create('a'.repeat(64), '{}', 5, { name: 'ann', until: 5 });
      await store.close?.();
      const { Datastore } = await import('@google-cloud/datastore');
      const client = new Datastore({ projectId: 'shop' });
      const [[entity]] = await client.runQuery(client.createQuery('listed'));
      const rows = [...sectionOf(PAGE, 'Layout').matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
      expect(rows.sort()).toEqual(Object.keys(entity).sort());
    });
  });
}
