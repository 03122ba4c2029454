import { MongoClient } from 'mongodb';
import { afterAll, describe, expect, test } from 'vitest';
import { openMongodb } from '../../src/store/mongodb.ts';
import { mongodbMissing, startMongodb } from '../support/servers/mongodb.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/mongodb.md';

test(`${PAGE} lists every option of openMongodb`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/mongodb.ts');
  expect(listed).toEqual(known);
  expect(listed.length).toBeGreaterThan(4);
});

if (mongodbMissing !== undefined) {
  test.skip(called(PAGE, mongodbMissing), () => undefined);
} else {
  const server = await startMongodb();
  const client = new MongoClient(server.url);
  const records = client.db('shop').collection<{ _id: string }>('coatcheck_sessions');
  afterAll(async () => {
    await client.close();
    await server.stop();
  });

  describe(PAGE, () => {
    test.each(pageBlocks(PAGE).filter(({ language }) => language === 'ts'))('$name', async ({ name }) => {
      const of = block(PAGE, name);
      const code = of.code.replaceAll('mongodb://127.0.0.1:27017', server.url);
      const { sessions, client: given } = await run({ ...of, code });
      await sessions.ready();
      await sessions.backend.set('quote', name);
      expect(await sessions.backend.get('quote')).toBe(name);
      expect(await records.countDocuments({ _id: /^backend:/ as unknown as string })).toBe(1);
      await sessions.close();
      if (given === undefined) return;
      // A client that was handed in is its owner's.
      expect(await given.db().command({ ping: 1 })).toMatchObject({ ok: 1 });
      await given.close();
    });

    test('promises what the capabilities say', async () => {
      const store = await openMongodb({ url: server.url });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.close?.();
    });

    test('lists every field and every index', async () => {
      const store = await openMongodb({ url: `${server.url}/shop` });
      await store.put('a'.repeat(64), 'x', 4e12, { name: 'b'.repeat(64), until: 4e12 });
      const fields = Object.keys((await records.findOne({ _id: 'a'.repeat(64) })) ?? {});
      const layout = sectionOf(PAGE, 'Layout').split('| verb |')[0] ?? '';
      const rows = [...layout.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell).join(', ');
      expect(fields.map((name) => `\`${name}\``)).toEqual(rows.split(', '));
      for (const { name } of await records.indexes()) {
        if (name !== '_id_') expect(layout).toContain(`\`${name}\``);
      }
      await store.close?.();
    });
  });
}
