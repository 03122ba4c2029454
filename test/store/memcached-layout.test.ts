import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { type MemcachedStoreOptions, openMemcached } from '../../src/store/memcached.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';

const newKey = (): string => randomBytes(32).toString('hex');
const DAY = 86_400_000;
const HOUR = 3_600_000;

describe.skipIf(memcachedMissing !== undefined)(called('what memcached holds', memcachedMissing), async () => {
  if (memcachedMissing !== undefined) return;
  const server = await startMemcached();
  afterAll(() => server.stop());
  const opened: Store[] = [];
  const open = async (options: Partial<MemcachedStoreOptions> = {}): Promise<Store> => {
    const store = await openMemcached({ url: server.url, ...options });
    opened.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close?.();
  });
  /** Seconds that memcached means to keep an item. */
  const lifeOf = async (key: string): Promise<number> =>
    Number(/ t(-?\d+)/.exec(await server.ask(`mg coatcheck:${key} t\r\n`))?.[1]);

  test('one item a record: prefix and key, a header of 19 bytes, the document', async () => {
    const store = await open({ prefix: 'shop:' });
    const key = newKey();
    const expiresAt = Date.now() + HOUR;
    await store.create(key, '{"a":"ä"}', expiresAt, { name: 'ann', until: expiresAt });
    const text = Buffer.from(await server.ask(`mg shop:${key} v f\r\n`), 'latin1').toString();
    expect(text).toBe(`VA 29 f0\r\n1t${String(expiresAt).padStart(16, '0')}\n{"a":"ä"}\r\n`);
    await store.put(`tries:${key}`, Uint8Array.of(1, 13, 10, 255), expiresAt);
    const bytes = await server.ask(`mg shop:tries:${key} v\r\n`);
    expect(bytes).toBe(`VA 23\r\n1b${String(expiresAt).padStart(16, '0')}\n\x01\r\n\xff\r\n`);
  });

  test.each([
    ['an hour', HOUR],
    ['29 days', 29 * DAY],
    // From here on memcached is told a moment and no duration.
    ['30 days', 30 * DAY],
    ['31 days', 31 * DAY],
    ['180 days', 180 * DAY],
    ['400 days', 400 * DAY],
  ])('a life of %s is kept, and a minute more', async (_name, life) => {
    const store = await open();
    const key = newKey();
    const expiresAt = Date.now() + life;
    const created = await store.create(key, 'x', expiresAt);
    const due = life / 1000 + 60;
    expect(Math.abs((await lifeOf(key)) - due)).toBeLessThan(4);
    expect((await store.read(key))?.expiresAt).toBe(expiresAt);
    if (created.result !== 'ok') throw new Error('exists');
    expect(await store.touch(key, created.version, expiresAt + DAY)).toBe(true);
    expect(Math.abs((await lifeOf(key)) - due - 86_400)).toBeLessThan(4);
    const record = await store.read(key);
    expect(record?.expiresAt).toBe(expiresAt + DAY);
    await store.update(key, record?.version ?? '', 'y', Date.now() + 60_000);
    expect(Math.abs((await lifeOf(key)) - 120)).toBeLessThan(4);
  });

  test('a record that is expired already, or ends beyond what memcached can count to, is kept as it is', async () => {
    const store = await open();
    for (const [expiresAt, life] of [
      [Date.now() - DAY, 60],
      // No end at all.
      [4e12, -1],
    ] as const) {
      const key = newKey();
      await store.create(key, 'x', expiresAt);
      expect((await store.read(key))?.expiresAt).toBe(expiresAt);
      expect(Math.abs((await lifeOf(key)) - life)).toBeLessThan(4);
    }
  });

  test.each([
    ['text of somebody else', 'hello'],
    ['nothing', ''],
    ['a header that is cut off', '1t0000001795'],
    ['a header of another layout', '2t0000001795280000\nx'],
    ['a header without its line end', '1t0000001795280000 x'],
    ['a header with no time in it', '1t00000017952x0000\nx'],
  ])('%s under a key is an error of that record and of no other', async (_name, value) => {
    const store = await open();
    const [key, other] = [newKey(), newKey()];
    const created = await store.create(other, 'mine', Date.now() + HOUR);
    await server.ask(`ms coatcheck:${key} ${value.length}\r\n${value}\r\n`);
    const foreign = { code: 'STORE_FAILED', outcome: 'none', retryable: false, message: /no record of coatcheck/ };
    const matching = expect.objectContaining({ ...foreign, message: expect.stringMatching(foreign.message) });
    await expect(store.read(key)).rejects.toEqual(matching);
    const many = (await store.readMany?.([other, key, other])) ?? [];
    expect(many[1]).toEqual(matching);
    expect(many[0]).toMatchObject({ document: 'mine' });
    expect(many[2]).toMatchObject({ document: 'mine' });
    expect(await store.create(key, 'x', Date.now() + HOUR)).toEqual({ result: 'exists' });
    if (created.result !== 'ok') throw new Error('exists');
    expect(await store.touch(key, created.version, Date.now() + DAY)).toBe(false);
    expect(await store.update(key, created.version, 'x', Date.now() + HOUR)).toEqual({ result: 'conflict' });
    await store.put(key, 'x', Date.now() + HOUR);
    expect((await store.read(key))?.document).toBe('x');
  });

  test('the largest document is as large as the capabilities say, with the longest key, and a larger one is refused', async () => {
    const prefix = 'p'.repeat(100);
    const store = await open({ prefix });
    const { maxBytes } = store.capabilities;
    expect(maxBytes).toBeGreaterThan(1_000_000);
    const key = `${'s'.repeat(32)}:${newKey()}`;
    const document = 'x'.repeat(maxBytes);
    const created = await store.create(key, document, Date.now() + HOUR);
    if (created.result !== 'ok') throw new Error('exists');
    expect((await store.read(key))?.document === document).toBe(true);
    const larger = `${document}${'y'.repeat(1000)}`;
    const refused = { code: 'SESSION_TOO_LARGE', status: 413, outcome: 'none' };
    for (const attempt of [
      () => store.update(key, created.version, larger, Date.now() + HOUR),
      () => store.put(key, larger, Date.now() + HOUR),
      () => store.create(newKey(), larger, Date.now() + HOUR),
      () => store.create(newKey(), new TextEncoder().encode(larger), Date.now() + HOUR),
    ]) {
      await expect(attempt()).rejects.toMatchObject(refused);
    }
    // memcached itself would have thrown the record away.
    expect((await store.read(key))?.version).toBe(created.version);
    expect(await store.destroy(key)).toBe(true);
  });

  test('two touches of one version: one moves the end, the other one says that it did not', async () => {
    const store = await open();
    const key = newKey();
    const expiresAt = Date.now() + HOUR;
    const created = await store.create(key, 'x', expiresAt);
    if (created.result !== 'ok') throw new Error('exists');
    const moved = await Promise.all([1, 2].map((n) => store.touch(key, created.version, expiresAt + n * 1000)));
    expect(moved.sort()).toEqual([false, true]);
    expect((await store.read(key))?.expiresAt).toBeGreaterThan(expiresAt);
  });

  test('a version is the same for everybody, over connections that were made anew', async () => {
    const [one, other] = [await open(), await open()];
    const key = newKey();
    const created = await one.create(key, 'x', Date.now() + HOUR);
    if (created.result !== 'ok') throw new Error('exists');
    expect((await other.read(key))?.version).toBe(created.version);
    expect((await other.update(key, created.version, 'y', Date.now() + HOUR)).result).toBe('ok');
  });

  test('a key that is none never becomes a command', async () => {
    const store = await open();
    for (const key of ['a b', 'a\r\nflush_all', '', 'ä', 'x'.repeat(151)]) {
      const refused = { code: 'OPTION_INVALID', outcome: 'none' };
      await expect(store.read(key)).rejects.toMatchObject(refused);
      await expect(store.create(key, 'x', Date.now())).rejects.toMatchObject(refused);
      await expect(store.destroy(key)).rejects.toMatchObject(refused);
    }
    for (const version of ['', 'x', 7, `${(await store.read(newKey()))?.version}`, '1 \r\nflush_all']) {
      expect(await store.update(newKey(), version, 'x', Date.now() + HOUR)).toEqual({ result: 'gone' });
    }
    await expect(store.put(newKey(), 'x', Number.NaN)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('a store that was closed says so, and closing again is no error', async () => {
    const store = await open();
    await store.close?.();
    await store.close?.();
    const closed = { code: 'STORE_FAILED', outcome: 'none', retryable: false, message: /closed/ };
    const matching = expect.objectContaining({ ...closed, message: expect.stringMatching(closed.message) });
    await expect(store.read(newKey())).rejects.toEqual(matching);
    await expect(store.put(newKey(), 'x', Date.now())).rejects.toEqual(matching);
    expect(await store.readMany?.([newKey()])).toEqual([matching]);
  });
});
