import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { testStore } from '../../src/testing/store-suite.ts';

await testStore('memory', () => memoryStore(), { test, skip: test.skip });

const LATER = 4_000_000_000_000;
const ANN = { name: 'ann', until: LATER };

describe('a full memory store', () => {
  test('drops the record least recently used or written, and says so', async () => {
    const gone: unknown[] = [];
    const store = memoryStore({ maxEntries: 3, onEvict: (...told) => gone.push(told) });
    await store.create('a', '1', LATER);
    await store.create('b', '2', LATER);
    await store.create('c', '3', LATER);
    await store.read('a');
    await store.put('b', '4', LATER);
    await store.create('d', '5', LATER);
    expect(await store.read('c')).toBeUndefined();
    for (const key of ['a', 'b', 'd']) expect(await store.read(key)).toBeDefined();
    expect(gone).toEqual([['c', undefined]]);
  });

  test('drops every record without an owner before one with an owner', async () => {
    const store = memoryStore({ maxEntries: 3 });
    await store.create('ann', '1', LATER, ANN);
    await store.create('b', '2', LATER);
    await store.create('c', '3', LATER);
    for (let i = 0; i < 1000; i++) await store.create(`x${i}`, '4', LATER);
    expect(await store.read('ann')).toBeDefined();
    expect(await store.listOwned?.('ann')).toEqual(['ann']);
    await store.create('bob', '5', LATER, { name: 'bob', until: LATER });
    await store.create('eve', '6', LATER, { name: 'eve', until: LATER });
    expect(await store.read('x999')).toBeUndefined();
    await store.read('ann');
    await store.create('dan', '7', LATER, { name: 'dan', until: LATER });
    expect(await store.read('bob')).toBeUndefined();
    expect(await store.listOwned?.('bob')).toEqual([]);
    expect(await store.read('ann')).toBeDefined();
  });

  test('of owners’ records refuses one without an owner instead of losing it in silence', async () => {
    const store = memoryStore({ maxEntries: 1 });
    await store.create('ann', '1', LATER, ANN);
    await expect(store.create('b', '2', LATER)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
    expect(await store.read('b')).toBeUndefined();
    await store.put('ann', 'closed', LATER);
    expect((await store.read('ann'))?.owner).toBeUndefined();
    expect((await store.create('b', '2', LATER)).result).toBe('ok');
  });

  test('counts bytes too, two for each letter beyond Latin-1', async () => {
    const store = memoryStore({ maxBytes: 100 });
    await store.create('a', 'x'.repeat(50), LATER);
    await store.create('b', 'x'.repeat(50), LATER);
    expect(await store.read('a')).toBeDefined();
    await store.create('c', 'ж'.repeat(25), LATER);
    expect(await store.read('b')).toBeUndefined();
    const version = (await store.read('c'))?.version ?? 0;
    expect((await store.update('c', version, new Uint8Array(100), LATER)).result).toBe('ok');
    expect(await store.read('a')).toBeUndefined();
    expect(await store.read('c')).toBeDefined();
  });

  test('refuses a document larger than itself, and keeps the record it was for', async () => {
    const store = memoryStore({ maxBytes: 10 });
    await store.create('a', '1', LATER);
    await expect(store.put('a', 'x'.repeat(11), LATER)).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    expect((await store.read('a'))?.document).toBe('1');
  });

  test('goes on when its listener throws, or uses the store', async () => {
    const store = memoryStore({
      maxEntries: 1,
      onEvict: () => {
        void store.destroy('b');
        throw new Error('mine');
      },
    });
    await store.create('a', '1', LATER);
    expect((await store.create('b', '2', LATER)).result).toBe('ok');
  });

  test('frees what it counted: a record destroyed, swept or overwritten makes room', async () => {
    const gone: string[] = [];
    const store = memoryStore({ maxEntries: 2, maxBytes: 10, onEvict: (key) => gone.push(key) });
    for (let i = 0; i < 100; i++) {
      await store.create('a', 'x'.repeat(10), i);
      if (i % 2) await store.destroy('a');
      else expect(await store.sweep?.(i, 1)).toBe(1);
    }
    expect(gone).toEqual([]);
    expect((await store.scan?.(undefined, 10))?.entries).toEqual([]);
  });
});

test('a sweep looks at a bounded part of the store, and comes round', async () => {
  const store = memoryStore();
  for (let i = 0; i < 20_000; i++) await store.create(`${i}`, 'x', i % 100 === 0 ? 1 : LATER);
  const counts: number[] = [];
  for (let i = 0; i < 220; i++) counts.push((await store.sweep?.(1000, 10)) ?? 0);
  expect(counts[0]).toBeLessThanOrEqual(2);
  expect(counts.reduce((a, b) => a + b)).toBe(200);
});

test('a scan gives a limited page, and its end', async () => {
  const store = memoryStore();
  for (let i = 0; i < 5; i++) await store.create(`${i}`, 'x', i, i === 3 ? ANN : undefined);
  const first = await store.scan?.(undefined, 3);
  expect(first?.entries.map(({ key }) => key)).toEqual(['0', '1', '2']);
  const second = await store.scan?.(first?.cursor, 3);
  expect(second?.entries.at(-2)).toEqual({ key: '3', expiresAt: 3, owner: 'ann' });
  expect(second?.cursor).toBeUndefined();
});

test.each([0, -1, 1.5, NaN, '5', null])('a bound of %j is refused', (value) => {
  for (const name of ['maxEntries', 'maxBytes']) {
    expect(() => memoryStore({ [name]: value as number })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(name) }),
    );
  }
});

test('an owner handed out or given is a copy', async () => {
  const store = memoryStore();
  const owner = { name: 'ann', until: 5 };
  await store.create('a', 'x', LATER, owner);
  owner.name = 'eve';
  const record = await store.read('a');
  (record?.owner as { name: string }).name = 'eve';
  expect((await store.read('a'))?.owner).toEqual({ name: 'ann', until: 5 });
});
