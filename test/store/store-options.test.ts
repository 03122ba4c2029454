import { describe, expect, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';
import { openMemcached } from '../../src/store/memcached.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { openMongodb } from '../../src/store/mongodb.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { openRedis } from '../../src/store/redis.ts';
import { openSqlite } from '../../src/store/sqlite.ts';

const factories: Record<string, (options: never) => unknown> = {
  openMongodb,
  memoryStore,
  openFiles,
  openMemcached,
  openPostgres,
  openRedis,
  openSqlite,
};

async function refusal(name: string, options: unknown): Promise<unknown> {
  try {
    return await factories[name]?.(options as never);
  } catch (error) {
    return error;
  }
}

const VALID: Record<string, object> = {
  memoryStore: { maxEntries: 1 },
  openFiles: { folder: '/nowhere/at all/sessions' },
  // Nobody listens there: an option must be refused before anything is opened.
  openMemcached: { url: 'memcached://127.0.0.1:1' },
  openMongodb: { url: 'mongodb://127.0.0.1:1' },
  openPostgres: { url: 'postgres://127.0.0.1:1/app' },
  openRedis: { url: 'redis://127.0.0.1:1' },
  openSqlite: { database: '/nowhere/at all/x.db' },
};

describe.each(Object.keys(factories))('%s refuses an option that does not exist, and says what to write', (factory) => {
  test.each([
    ['ttl', /createSessions: lifetime/],
    ['disableTTL', /createSessions: lifetime/],
    ['disableTouch', /stays alive by itself.*Leave disableTouch out/],
    ['serializer', /createSessions: codec/],
    ['codec', /option of createSessions/],
    ['prefixes', /The options are [a-zA-Z]+(, [a-zA-Z]+)+\.$/],
    ['toString', /The options are/],
  ])('%s', async (name, hint) => {
    const error = await refusal(factory, { ...VALID[factory], [name]: undefined });
    expect(error).toMatchObject({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(hint) });
    expect(error).toMatchObject({ message: expect.stringContaining(`: ${name} is no option. `) });
  });

  test.each([[null], ['./sessions.db'], [[]], [5]])('and %j, which is no object of options', async (options) => {
    const error = await refusal(factory, options);
    expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining(`${factory}({ `) });
  });
});

test.each([
  ['openRedis', 'keyPrefix', /called prefix/],
  ['openRedis', 'scanCount', /Leave scanCount out/],
  ['openRedis', 'host', /url: 'redis:/],
  ['openRedis', 'port', /url: 'redis:/],
  ['openRedis', 'password', /url: 'redis:/],
  ['openRedis', 'redisClient', /called client/],
  ['openSqlite', 'client', /called database/],
  ['openSqlite', 'path', /called database/],
  ['openSqlite', 'prefix', /\{ table \}/],
  ['openSqlite', 'expired', /createSessions: sweep/],
  ['openFiles', 'path', /called folder/],
  ['openFiles', 'retries', /Nothing is read half-written/],
  ['openFiles', 'reapInterval', /createSessions: sweep/],
  ['openFiles', 'secret', /createCookieSessions/],
  ['openFiles', 'fileExtension', /Names of files are the keys/],
  ['openFiles', 'mode', /mode 0600/],
  ['openFiles', 'threshold', /pushed out/],
  ['openFiles', 'encoder', /createSessions: codec/],
  ['openMemcached', 'hosts', /servers: \['127/],
  ['openMemcached', 'client', /speaks to memcached itself.*servers: \['127/],
  ['openMemcached', 'keyPrefix', /called prefix/],
  ['openMemcached', 'secret', /holds only hashes of ids/],
  ['openMemcached', 'tls', /not supported/],
  ['openMongodb', 'mongoUrl', /stands in url/],
  ['openMongodb', 'clientPromise', /a promise of one, is called client/],
  ['openMongodb', 'mongooseConnection', /getClient\(\) as client/],
  ['openMongodb', 'dbName', /called database/],
  ['openMongodb', 'collectionName', /called collection/],
  ['openMongodb', 'mongoOptions', /stands in url/],
  ['openMongodb', 'autoRemove', /TTL index/],
  ['openMongodb', 'touchAfter', /Leave touchAfter out/],
  ['openMongodb', 'stringify', /createSessions: codec/],
  ['openMongodb', 'expires', /createSessions: lifetime/],
  ['openMongodb', 'prefix', /\{ collection \}/],
  ['memoryStore', 'max', /called maxEntries/],
  ['memoryStore', 'checkPeriod', /createSessions: sweep/],
  ['memoryStore', 'prefix', /needs no prefix/],
])('%s({ %s }) is told what that is called here', async (factory, name, hint) => {
  const error = await refusal(factory, { ...VALID[factory], [name]: 'hunter2' });
  expect(error).toMatchObject({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(hint) });
  expect(String(error)).not.toContain('hunter2');
});
