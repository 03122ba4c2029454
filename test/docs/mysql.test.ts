import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createTable, openMysql, schemaOf } from '../../src/store/mysql.ts';
import { testStore } from '../../src/testing/index.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, root, run } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/mysql.md';
const TABLE = 'coatcheck_sessions';

if (mysqlMissing !== undefined) {
  test.skip(called(PAGE, mysqlMissing), () => undefined);
} else {
  const mysql = await startMysql();
  afterAll(() => mysql.stop());

  describe(PAGE, () => {
    test.each(pageBlocks(PAGE).filter(({ language }) => language === 'ts'))('$name', async ({ name }) => {
      const url = await mysql.database();
      const of = block(PAGE, name);
      const code = of.code.replaceAll('mysql://app:secret@127.0.0.1:3306/app', url);
      expect(code).not.toBe(of.code);
      const { sessions, pool } = await run({ ...of, code });
      await sessions.ready();
      await sessions.backend.set('quote', name);
      expect(await sessions.backend.get('quote')).toBe(name);
      const database = url.slice(url.lastIndexOf('/') + 1);
      expect(await mysql.sql(`SELECT \`key\` FROM ${database}.${TABLE}`)).toMatch(/^backend:/);
      await sessions.close();
      // A pool that was handed in is its owner's.
      if (pool !== undefined) expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }]);
      await pool?.end();
    });

    test('promises what the capabilities say', async () => {
      const store = await openMysql({ url: await mysql.database(), createTable: 'json' });
      expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
      await store.close?.();
    });

    test('lists every option and every column', () => {
      const { listed, known } = optionsOf(PAGE, 'src/store/mysql.ts');
      expect(listed).toEqual(known);
      const columns = [...schemaOf({ document: 'bytes' }).matchAll(/(?:^ {4}|, )`(\w+)` [A-Z]/gm)].map(
        ([, name]) => name,
      );
      const [rows = ''] = sectionOf(PAGE, 'Layout').split('| verb |');
      expect([...rows.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)).toEqual(columns);
      expect(columns.length).toBe(8);
    });
  });

  // What is beyond the line is not needed, and what is in it suffices.
  const [grant = ''] = /^GRANT .*;$/m.exec(readFileSync(join(root, PAGE), 'utf8')) ?? [];
  await createTable({ url: mysql.url });
  await mysql.sql(`REVOKE ALL ON app.* FROM app@'%'; ${grant}`);
  await testStore(`the user of ${PAGE}`, () => openMysql({ url: mysql.url }), { test, skip: test.skip });
}
