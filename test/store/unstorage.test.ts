import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStorage, prefixStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import redisDriver from 'unstorage/drivers/redis';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { fromUnstorage } from '../../src/store/unstorage.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { overHttp } from './row-http.ts';

const runner = { test, skip: test.skip };
const { missing } = await redisProgram('redis');

await testStore('unstorage in memory', () => fromUnstorage(createStorage()), runner);

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-unstorage-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const onFiles = createStorage({ driver: fsDriver({ base: folder }) });
await testStore('unstorage on files', () => fromUnstorage(prefixStorage(onFiles, 'sessions')), runner);

if (missing !== undefined) {
  describe.skip(called('unstorage on Redis', missing), () => test('runs', () => undefined));
} else {
  const server = await startRedis();
  const storage = createStorage({ driver: redisDriver({ url: server.url, base: 'app' }) });
  afterAll(async () => {
    await storage.dispose();
    await server.stop();
  });
  await testStore('unstorage on Redis', () => fromUnstorage(storage), runner);
  overHttp(
    'unstorage on Redis',
    () => fromUnstorage(storage),
    async (name) => ({
      row: JSON.parse(await server.cli('get', `app:${name}`)),
      seconds: Number(await server.cli('ttl', `app:${name}`)),
    }),
    server,
  );
}

describe('fromUnstorage', () => {
  test.each([
    ['nothing', undefined],
    ['a driver', fsDriver({ base: folder })],
  ])('refuses %s', (_what, storage) => {
    expect(() => fromUnstorage(storage as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(/createStorage/) }),
    );
  });

  test.each([
    ['base', /prefixStorage/],
    ['driver', /createStorage/],
    ['ttl', /lifetime/],
  ])('says of the option %s what to write instead', (name, message) => {
    expect(() => fromUnstorage(createStorage(), { [name]: 'x' } as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(message) }),
    );
  });

  test('walks and sweeps past what others keep in the same storage', async () => {
    const storage = createStorage();
    const store = fromUnstorage(storage);
    const [own, foreign] = ['a'.repeat(64), 'b'.repeat(64)];
    await storage.setItem('cache:page', 'x');
    await storage.setItem(foreign, { user: 'ann' });
    await store.create(own, '0', 5);
    expect(await store.scan?.(undefined, 10)).toEqual({ entries: [{ key: own, expiresAt: 5 }], cursor: undefined });
    expect(await store.sweep?.(10, 10)).toBe(1);
    expect((await storage.getKeys()).sort()).toEqual([foreign, 'cache:page']);
  });

  test('on Cloudflare, where no request may wait for another, it does not say that it is exact', async () => {
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    vi.resetModules();
    const there = await import('../../src/store/unstorage.ts');
    vi.unstubAllGlobals();
    const never = Object.assign(createStorage(), { setItem: () => new Promise<void>(() => undefined) });
    const store = there.fromUnstorage(never);
    expect(store.capabilities.atomic).toBe('no');
    void store.put('a'.repeat(64), '1', 5).catch(() => undefined);
    expect(await store.read('a'.repeat(64))).toBeUndefined();
  });

  test('nobody reads half a row while a file is written', async () => {
    const store = fromUnstorage(createStorage({ driver: fsDriver({ base: join(folder, 'torn') }) }));
    const [key, end] = ['a'.repeat(64), Date.now() + 3_600_000];
    const long = 'x'.repeat(60_000);
    await store.put(key, long, end);
    const writing = Array.from({ length: 20 }, () => store.put(key, long, end));
    const reading = Array.from({ length: 40 }, async () => (await store.read(key))?.document.length);
    await Promise.all(writing);
    expect(new Set(await Promise.all(reading))).toEqual(new Set([60_000]));
  });
});
