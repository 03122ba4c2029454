import { createPool, type PoolOptions } from 'mysql2';
import { createPool as createPromisePool } from 'mysql2/promise';
import { afterAll, describe, test } from 'vitest';
import { createTable, openMysql } from '../../src/store/mysql.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';

const runner = { test, skip: test.skip };

/** Settings of pools by which other values come back than a store would expect. */
const ODD: Readonly<Record<string, PoolOptions>> = {
  'that gives arrays': { rowsAsArray: true, connectionLimit: 1 },
  'that nests tables, counts changed rows and resets its connections': {
    nestTables: true,
    flags: ['-FOUND_ROWS'],
    resetOnRelease: true,
  },
  'that speaks latin1 and gives numbers and dates as text': {
    charset: 'latin1',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    timezone: '+05:45',
  },
  'that has casts and placeholders of its own': {
    namedPlaceholders: true,
    multipleStatements: true,
    typeCast: () => 'cast',
  },
};

/** Settings of sessions under which SQL means something else. */
const MODES: Readonly<Record<string, string>> = {
  'ANSI_QUOTES and NO_BACKSLASH_ESCAPES': "sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone = '-11:00'",
  'no strictness': "sql_mode = '', character_set_results = NULL, collation_connection = latin1_german2_ci",
  'a mode of Oracle': "sql_mode = 'ORACLE,PAD_CHAR_TO_FULL_LENGTH', tx_isolation = 'SERIALIZABLE'",
};

if (mysqlMissing !== undefined) {
  describe.skip(called('the store suite on MariaDB', mysqlMissing), () => test('runs', () => undefined));
} else {
  const server = await startMysql();
  afterAll(() => server.stop());

  for (const document of ['bytes', 'json'] as const) {
    const url = await server.database();
    await createTable({ url, document });
    const as = `documents as ${document}`;
    await testStore(`mysql by url, ${as}`, () => openMysql({ url }), runner);

    const pool = createPool(url);
    afterAll(() => void pool.end());
    await testStore(`a pool of mysql2, ${as}`, () => openMysql({ pool }), runner);

    for (const [name, options] of Object.entries(ODD)) {
      const odd = createPromisePool({ uri: url, ...options });
      afterAll(() => odd.end());
      await testStore(`a pool of mysql2/promise ${name}, ${as}`, () => openMysql({ pool: odd }), runner);
    }
    for (const [name, settings] of document === 'json' ? Object.entries(MODES) : []) {
      const moody = createPool(url);
      moody.on('connection', (connection) => connection.query(`SET SESSION ${settings}`));
      afterAll(() => void moody.end());
      await testStore(`a pool with ${name}, ${as}`, () => openMysql({ pool: moody }), runner);
    }
  }
}
