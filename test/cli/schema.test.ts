import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { testDrivers } from '../store/drivers.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { startDynamodb } from '../support/servers/dynamodb.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { call, inStore, newFolder, seed, spawned } from './support.ts';

const { missing } = await redisProgram('redis');
const driver = (await testDrivers()).find((one) => one.missing === undefined);

describe('schema', () => {
  it.skipIf(postgresMissing !== undefined)(
    called('of PostgreSQL is SQL after which the store opens, in both forms, with names', postgresMissing),
    async () => {
      const postgres = await startPostgres();
      try {
        for (const form of ['json', 'bytes']) {
          const url = await postgres.database();
          const { code, out } = await call([
            'schema',
            url,
            '--document',
            form,
            '--table',
            'coats',
            '--schema',
            'public',
          ]);
          expect(code).toBe(0);
          expect(out).not.toContain('geheim');
          const name = new URL(url).pathname.slice(1);
          await postgres.sql(`SET ROLE app; ${out}`, name);
          expect((await call(['stats', '--store', url])).code).toBe(1);
          const stats = await call(['stats', '--store', url, '--table', 'coats', '--json']);
          expect(JSON.parse(stats.out).total.records).toBe(0);
        }
      } finally {
        await postgres.stop();
      }
    },
  );

  it.skipIf(mysqlMissing !== undefined)(
    called('of MySQL is SQL after which the store opens', mysqlMissing),
    async () => {
      const mysql = await startMysql();
      try {
        const url = await mysql.database();
        const { code, out } = await call(['schema', url, '--document', 'bytes']);
        expect([code, out.includes('MEDIUMBLOB')]).toEqual([0, true]);
        await mysql.sql(`USE \`${new URL(url).pathname.slice(1)}\`; ${out}`);
        await inStore(url, (store) => seed(store));
        expect(JSON.parse((await call(['stats', '--store', url, '--json'])).out).total.living).toBe(1);
      } finally {
        await mysql.stop();
      }
    },
  );

  it.skipIf(driver === undefined)('of SQLite is SQL that makes the table which opening makes', async () => {
    const { out, err } = await call(['schema', 'sqlite:./sessions.db', '--table', 'coats']);
    expect(err).toContain('Nobody has to run it');
    const [byHand, byOpening] = [`${newFolder()}/a.db`, `${newFolder()}/b.db`];
    const database = driver?.open(byHand);
    database?.exec(out);
    database?.close();
    for (const path of [byHand, byOpening]) await (await openSqlite({ database: path, table: 'coats' })).close?.();
    const tables = [byHand, byOpening].map((path) => {
      const opened = driver?.open(path);
      const rows = opened?.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
      opened?.close();
      return JSON.stringify(rows);
    });
    expect(tables[0]).toBe(tables[1]);
    expect(tables[0]).toContain('coats_owner');
  });

  it.skipIf(missing !== undefined)(called('of Redis is a user who can do everything', missing), async () => {
    const { out } = await call(['schema', 'redis:', '--prefix', 'shop:']);
    expect(out).toMatch(/^ACL SETUSER sessions on >SECRET ~shop:\* /);
    expect(readFileSync('docs/stores/redis.md', 'utf8')).toContain(out.trim().slice(out.indexOf('+')));
    const redis = await startRedis();
    try {
      expect(await redis.cli(...out.trim().split(' '))).toContain('OK');
      const url = redis.url.replace('//', '//sessions:SECRET@');
      const store = await openRedis({ url, prefix: 'shop:' });
      const { handle } = await seed(store, { owner: 'ann' });
      await store.close?.();
      const at = ['--store', url, '--prefix', 'shop:'];
      expect((await call(['show', handle, ...at])).code).toBe(0);
      expect((await call(['revoke', '--owner', 'ann', ...at])).out).toBe('1 session ended\n');
    } finally {
      await redis.stop();
    }
  });

  it('of DynamoDB is what makes the table, with its TTL', async () => {
    const { out } = await call(['schema', 'dynamodb://eu-west-1/coats']);
    const inputs = [...out.matchAll(/--cli-input-json '(.*)'/g)].map(([, json = '']) => JSON.parse(json));
    expect(inputs).toEqual([
      expect.objectContaining({ TableName: 'coats', BillingMode: 'PAY_PER_REQUEST' }),
      { TableName: 'coats', TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
    ]);
    const dynamodb = await startDynamodb();
    try {
      const url = await dynamodb.table('coats');
      await inStore(url, (store) => seed(store));
      expect(JSON.parse((await call(['stats', '--store', url, '--json'])).out).total.living).toBe(1);
    } finally {
      await dynamodb.stop();
    }
  });

  it.each([
    ['mongodb://h/shop?collection=coats', 'db.runCommand({"createIndexes":"coats"', 'mongosh'],
    ['memcached://h', '', 'memcached needs nothing'],
    ['datastore://project/kind', '', 'Datastore needs nothing'],
    ['file:./sessions', '', 'opening makes that one, with mode 0700'],
  ])('of %s says what is needed', async (url, text, note) => {
    const { code, out, err } = await call(['schema', url]);
    expect([code, out.startsWith(text)]).toEqual([0, true]);
    expect(err).toContain(note);
    expect(JSON.parse((await call(['schema', url, '--json'])).out).note).toContain(note);
  });

  it('of the store that the environment names puts only what is for a program on standard output', async () => {
    const { out, err, code } = await spawned(['schema'], { env: { SESSION_URI: 'postgres://ann:hunter2@h/d' } });
    expect(code).toBe(0);
    expect(out).toMatch(/^BEGIN;\nCREATE TABLE "coatcheck_sessions"[\s\S]*\nCOMMIT;\n$/);
    expect(out + err).not.toContain('hunter2');
  });

  it('takes what the URL says behind its question mark', async () => {
    const { out } = await call([
      'schema',
      'postgresql+psycopg://ann:hunter2@h/d?schema=web&table=coats&sslmode=require',
    ]);
    expect(out).toContain('CREATE TABLE "web"."coats"');
    expect((await call(['schema', 'rediss://h?prefix=shop:'])).out).toContain('~shop:*');
    expect((await call(['schema', 'mariadb://h/d?database=web'])).out).toContain('`web`.`coatcheck_sessions`');
  });

  it('refuses a name that is none, and a URL of no store', async () => {
    expect((await call(['schema', 'postgres:', '--table', 'x"; DROP'])).code).toBe(2);
    expect((await call(['schema', 'oracle:'])).code).toBe(2);
    expect((await call(['schema', 'postgres:', '--document', 'xml'])).code).toBe(2);
  });
});
