import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import connectPgSimple from 'connect-pg-simple';
import { RedisStore } from 'connect-redis';
import expressMysqlSession from 'express-mysql-session';
import session from 'express-session';
import { Pool } from 'pg';
import { createClient } from 'redis';
import sessionFileStore from 'session-file-store';
import { afterAll, describe, test } from 'vitest';
import { fromExpressStore } from '../../src/store/express.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { overHttp } from './row-http.ts';

const runner = { test, skip: test.skip };
const { missing: redisMissing } = await redisProgram('redis');

function skipped(what: string, missing: string): void {
  describe.skip(called(what, missing), () => test('runs', () => undefined));
}

await testStore('MemoryStore of express-session', () => fromExpressStore(new session.MemoryStore()), runner);

if (redisMissing !== undefined) skipped('connect-redis', redisMissing);
else {
  const server = await startRedis();
  const client = await createClient({ url: server.url }).connect();
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });
  const open = () => fromExpressStore(new RedisStore({ client }));
  await testStore('connect-redis', open, runner);
  overHttp(
    'connect-redis',
    open,
    async (name) => {
      const row = JSON.parse((await client.get(`sess:${name}`)) ?? 'null');
      return { row, seconds: await client.ttl(`sess:${name}`) };
    },
    server,
  );
}

if (postgresMissing !== undefined) skipped('connect-pg-simple', postgresMissing);
else {
  const server = await startPostgres();
  const pool = new Pool({ connectionString: server.url });
  afterAll(async () => {
    await pool.end();
    await server.stop();
  });
  const store = new (connectPgSimple(session))({ pool, createTableIfMissing: true });
  await testStore('connect-pg-simple', () => fromExpressStore(store), runner);
  overHttp(
    'connect-pg-simple',
    () => fromExpressStore(store),
    async (name) => {
      const { rows } = await pool.query('SELECT sess, expire FROM session WHERE sid = $1', [name]);
      return { row: rows[0].sess, seconds: (rows[0].expire - Date.now()) / 1000 };
    },
    server,
  );
}

if (mysqlMissing !== undefined) skipped('express-mysql-session', mysqlMissing);
else {
  const server = await startMysql();
  const options = { host: '127.0.0.1', port: server.port, user: 'app', password: 'geheim', database: 'app' };
  const store = new (expressMysqlSession(session))(options);
  await store.onReady();
  afterAll(async () => {
    await store.close();
    await server.stop();
  });
  await testStore('express-mysql-session', () => fromExpressStore(store), runner);
  overHttp(
    'express-mysql-session',
    () => fromExpressStore(store),
    async (name) => {
      const [rows] = await store.query('SELECT expires, data FROM sessions WHERE session_id = ?', [name]);
      return { row: JSON.parse(rows[0].data), seconds: rows[0].expires - Date.now() / 1000 };
    },
    server,
  );
}

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-express-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FileStore = sessionFileStore(session);
const files = new FileStore({ path: folder, retries: 0, reapInterval: -1, logFn: () => undefined });
await testStore('session-file-store', () => fromExpressStore(files), runner);
overHttp(
  'session-file-store',
  () => fromExpressStore(files),
  async (name) => {
    const row = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    return { row, seconds: (row.__lastAccess + row.cookie.originalMaxAge - Date.now()) / 1000 };
  },
);
