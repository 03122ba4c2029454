import type { Pool } from 'pg';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { createTable, openPostgres, schemaOf } from '../../src/store/postgres.ts';
import { testStore } from '../../src/testing/index.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/postgres.md';
const URL = 'postgres://app:secret@127.0.0.1:5432/app';

/** What each block must do, with the URL of a new database in place of its own. */
const CHECKS: Readonly<Record<string, (name: string, url: string) => Promise<void>>> = {
  PostgreSQL: keepsRecords,
  'A pool of yours': keepsRecords,
  'The table': async (name) => {
    const log = vi.spyOn(console, 'log').mockReturnValue();
    await run(block(PAGE, name));
    const [[printed = ''] = []] = log.mock.calls;
    log.mockRestore();
    expect(printed).toBe(block(PAGE, name, 'sql').code);
  },
};

async function keepsRecords(name: string, url: string): Promise<void> {
  const of = block(PAGE, name);
  const { sessions, pool } = await run({ ...of, code: of.code.replace(URL, url) });
  await sessions.backend.set('quote', name);
  expect(await sessions.backend.get('quote')).toBe(name);
  await sessions.close();
  // A pool that was handed in is its owner's.
  await (pool as Pool | undefined)?.query('SELECT 1');
  await (pool as Pool | undefined)?.end();
}

if (postgresMissing !== undefined) {
  test.skip(called(PAGE, postgresMissing), () => undefined);
} else {
  const server = await startPostgres();
  afterAll(() => server.stop());

  describe(PAGE, () => {
    test.each(Object.entries(CHECKS))('%s', async (name, check) => check(name, await server.database()));

    test('has no block that is not run', () => {
      const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
      expect(names.sort()).toEqual(Object.keys(CHECKS).sort());
    });

    test('promises what the capabilities say', async () => {
      const store = await openPostgres({ url: server.url, createTable: 'json' });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.close?.();
    });

    test('lists every option and every column', () => {
      const { listed, known } = optionsOf(PAGE, 'src/store/postgres.ts');
      expect(listed).toEqual(known);
      const ddl = schemaOf().split(');')[0] ?? '';
      const columns = [...ddl.matchAll(/^ {2}(\w+) (?:text|json|uuid|timestamptz)/gm)].map(([, name]) => name);
      const [layout = ''] = sectionOf(PAGE, 'Layout').split('\n| verb |');
      const rows = [...layout.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell).join(', ');
      expect(columns.map((name) => `\`${name}\``)).toEqual(rows.split(', '));
    });
  });

  // What is beyond these rights is not needed.
  const url = await server.database();
  const database = url.slice(url.lastIndexOf('/') + 1);
  await createTable({ url });
  await server.sql("CREATE ROLE web LOGIN PASSWORD 'secret'");
  for (const name of ['Permissions', 'Cleaning']) await server.sql(block(PAGE, name, 'sql').code, database);
  const web = url.replace('app:geheim', 'web:secret');
  await testStore(`the user of ${PAGE}`, () => openPostgres({ url: web }), { test, skip: test.skip });
}
