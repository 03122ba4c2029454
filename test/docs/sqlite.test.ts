import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openSqlite } from '../../src/store/sqlite.ts';
import { testDrivers } from '../store/drivers.ts';
import { block, pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/sqlite.md';

test(`${PAGE}: its block keeps records in a file`, async () => {
  const before = process.cwd();
  process.chdir(scratch());
  try {
    const [only, ...more] = pageBlocks(PAGE);
    expect(more).toEqual([]);
    const { sessions } = await run(block(PAGE, only?.name ?? ''));
    await sessions.backend.set('a', 1);
    expect(existsSync('sessions.db')).toBe(true);
    await sessions.close();
  } finally {
    process.chdir(before);
  }
});

test(`${PAGE} promises what the capabilities say`, async () => {
  const store = await openSqlite({ database: ':memory:' });
  expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
  await store.close?.();
});

test(`${PAGE} lists every option and every column`, async () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/sqlite.ts');
  expect(listed).toEqual(known);
  const driver = (await testDrivers()).find(({ missing }) => missing === undefined);
  const database = driver?.open(':memory:');
  if (database === undefined) throw new Error('no driver');
  await openSqlite({ database });
  const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all('coatcheck_sessions') as {
    name: string;
  }[];
  const rows = [...sectionOf(PAGE, 'Layout').matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell).join(', ');
  expect(columns.map(({ name }) => `\`${name}\``)).toEqual(rows.split(', '));
  database.close();
});
