import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { storeOf, URL_WORDS } from '../../src/url/words.ts';
import { STORE_SCHEMES, storeFromUrl } from '../../src/url.ts';

const source = (store: string): string =>
  readFileSync(fileURLToPath(new URL(`../../src/store/${store}.ts`, import.meta.url)), 'utf8');

/** The names of a store's options, as its interface has them. */
function optionsOf(store: string): string[] {
  const members = /interface \w+StoreOptions \{([\s\S]*?)^\}/m.exec(source(store))?.[1] ?? '';
  return Array.from(members.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, name = '']) => name);
}

/** A URL of each store, before its question mark, and a value for each option that may stand behind it. */
const SAID: Readonly<
  Record<string, readonly [url: string, values: Readonly<Record<string, string | number | boolean>>]>
> = {
  memory: ['memory:', { maxEntries: 10_000, maxBytes: 1_000_000 }],
  sqlite: ['sqlite:./sessions.db', { table: 'visits' }],
  file: ['file:./sessions', { fsync: true }],
  redis: ['redis://ann:p%3Fw@127.0.0.1:1/3', { driver: 'ioredis', prefix: 'shop & co:' }],
  memcached: ['memcached://127.0.0.1:1,127.0.0.2:1', { prefix: 'shop:' }],
  mongodb: ['mongodb://127.0.0.1:1/shop', { timeout: '5s' }],
  mysql: ['mysql://127.0.0.1:1/shop', { table: 'visits', database: 'web', createTable: 'json' }],
  postgres: ['postgres://127.0.0.1:1/shop', { table: 'visits', schema: 'web', createTable: 'bytes' }],
  datastore: ['datastore://shop/visits', {}],
  dynamodb: ['dynamodb://eu-west-1/visits', {}],
};

/** What opens a store was told, in place of opening it: here it matters what arrives there. */
const told: unknown[] = [];
const opener = vi.hoisted(() => (heard: () => unknown[], module: object) => {
  const listen = (name: string, open: unknown) =>
    /^(open[A-Z]|memoryStore)/.test(name) ? (options: unknown) => void heard().push(options) : open;
  return Object.fromEntries(Object.entries(module).map(([name, open]) => [name, listen(name, open)]));
});
for (const store of Object.keys(SAID)) {
  vi.doMock(`../../src/store/${store}.ts`, async (original) => opener(() => told, await original<object>()));
}
beforeEach(() => {
  told.length = 0;
});

const refused = (message: RegExp | string) => ({
  code: 'STORE_URL_INVALID',
  message: expect.stringMatching(message),
});

test('each scheme opens a store whose options are known', () => {
  expect([...new Set(STORE_SCHEMES.map(storeOf))].sort()).toEqual(Object.keys(URL_WORDS).sort());
});

describe.each(Object.entries(SAID))('the URL of %s', (store, [url, values]) => {
  const words = Object.entries(URL_WORDS[store] ?? {});

  test('says each option, or there is a reason why not', () => {
    expect(words.map(([name]) => name).sort()).toEqual(optionsOf(store).sort());
    const said = words.filter(([, word]) => word === 'text' || word === 'number' || word === 'switch');
    expect(said.map(([name]) => name).sort()).toEqual(Object.keys(values).sort());
  });

  test('hands what it says to the store, and nothing of it remains in the URL', async () => {
    const query = Object.entries(values).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    await storeFromUrl(query.length === 0 ? url : `${url}?${query.join('&')}`);
    const place = { sqlite: { database: './sessions.db' }, file: { folder: './sessions' }, memory: {} }[store] ?? {
      url,
    };
    expect(told).toEqual([{ ...place, ...values }]);
  });

  test('refuses what it cannot say, with what to do instead, and without what stands in it', async () => {
    for (const [name, word] of words) {
      if (typeof word === 'string') continue;
      const error = await storeFromUrl(`${url}?${name}=geheim`).catch((thrown: unknown) => thrown);
      expect(error, name).toMatchObject(refused(`of the ${store} store: ${name} is not said behind the \\?\\. \\w+`));
      expect(String(error)).toContain(word.not);
      expect(String(error)).not.toContain('geheim');
    }
    expect(told).toEqual([]);
  });
});

test('what else stands in a URL goes to the driver, in its order', async () => {
  await storeFromUrl('postgres://127.0.0.1/shop?sslmode=require&table=visits&application_name=a%20b&schema=web');
  await storeFromUrl('mongodb://127.0.0.1/shop?timeout=5s&replicaSet=rs0&database=web&timeoutMS=9');
  await storeFromUrl('mysql://127.0.0.1/shop?ssl-mode=REQUIRED&table=visits');
  await storeFromUrl('datastore://shop/visits?namespace=web');
  expect(told).toEqual([
    { url: 'postgres://127.0.0.1/shop?sslmode=require&application_name=a%20b', table: 'visits', schema: 'web' },
    { url: 'mongodb://127.0.0.1/shop?replicaSet=rs0&database=web&timeoutMS=9', timeout: '5s' },
    { url: 'mysql://127.0.0.1/shop?ssl-mode=REQUIRED', table: 'visits' },
    { url: 'datastore://shop/visits?namespace=web' },
  ]);
});

test.each([
  ['file:./sessions?fsync=yes', /fsync is true or false/],
  ['file:./sessions?fsync', /fsync says nothing/],
  ['file:./sessions?fsync=true&fsync=false', /fsync is said twice/],
  ['memory:?maxEntries=1e3', /maxEntries is a whole number/],
  ['memory:?maxEntries=-1', /maxEntries is a whole number/],
  ['memory:?size=1', /behind the \? may stand maxEntries=, maxBytes= and nothing else/],
  ['file:./sessions?mode=700', /may stand fsync= and nothing else/],
  ['sqlite:./geheim.db?toString=1', /may stand table= and nothing else/],
  ['redis://:geheim@127.0.0.1?timeout=1', /may stand driver=, prefix= and nothing else/],
  ['memcached://127.0.0.1?weights=1', /may stand prefix= and nothing else/],
  ['redis://:geheim@127.0.0.1?prefix=%E0', /prefix has a % in it/],
])('%s is refused', async (url, message) => {
  const error = await storeFromUrl(url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(refused(message));
  expect(String(error)).not.toContain('geheim');
  expect(told).toEqual([]);
});

test('what is said beside the URL may not differ from what it says, and a name that does not exist is refused', async () => {
  const twice = storeFromUrl('redis://127.0.0.1?prefix=one:', { prefix: 'two:' });
  await expect(twice).rejects.toMatchObject({
    code: 'OPTION_INVALID',
    message: 'The URL says another prefix. Leave one of them out.',
  });
  await expect(storeFromUrl('memory:', { tabel: 'x' } as object)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' });
  await storeFromUrl('redis://127.0.0.1?prefix=one:', { prefix: 'one:' });
  expect(told).toEqual([{ url: 'redis://127.0.0.1', prefix: 'one:' }]);
});

test('stores that are opened by URL do what it says', async () => {
  vi.doUnmock('../../src/store/sqlite.ts');
  vi.doUnmock('../../src/store/file.ts');
  vi.doUnmock('../../src/store/memory.ts');
  vi.resetModules();
  const { storeFromUrl: open } = await import('../../src/url.ts');
  const folder = mkdtempSync(join(tmpdir(), 'coatcheck-url-'));
  const small = await open('memory:?maxEntries=2');
  for (const key of ['a', 'b', 'c']) await small.put(key, '{}', 4e12);
  expect(await small.read('a')).toBeUndefined();
  const rows = await open(`sqlite:${folder}/x.db?table=visits`);
  await rows.put('a', '{}', 4e12);
  await rows.close?.();
  const { openSqlite } = await import('../../src/store/sqlite.ts');
  const again = await openSqlite({ database: `${folder}/x.db`, table: 'visits' });
  expect(await again.read('a')).toMatchObject({ document: '{}' });
  await again.close?.();
  await open(`file:${folder}/files?fsync=false`);
  expect(existsSync(`${folder}/files/records`)).toBe(true);
  rmSync(folder, { recursive: true });
});

test('docs/settings.md names what a URL of each store can say', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/settings.md', import.meta.url)), 'utf8');
  for (const [store, words] of Object.entries(URL_WORDS)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${store}:\` |`)) ?? '';
    const named = Object.keys(words).filter((name) => row.split(' | ')[1]?.includes(`\`${name}\``));
    expect(named, store).toEqual(Object.keys(words).filter((name) => typeof words[name] === 'string'));
  }
});
