import { describe, expect, test } from 'vitest';
import { createCookieSessions } from '../../src/index.ts';
import { keyOf, newId } from '../../src/keys/ids.ts';
import { dump, SECRET, setup, ticketOf } from './harness.ts';

describe('the direct interface', () => {
  test('gives back what was set, says whether a deletion found something, and forgets it', async () => {
    const { backend } = setup().sessions;
    expect(await backend.get('a')).toBeUndefined();
    expect(await backend.delete('a')).toBe(false);
    await backend.set('a', { n: 1 }, 60);
    expect(await backend.get('a')).toEqual({ n: 1 });
    await backend.set('a', null, 60);
    expect(await backend.get('a')).toBeNull();
    expect(await backend.delete('a')).toBe(true);
    expect(await backend.delete('a')).toBe(false);
    expect(await backend.get('a')).toBeUndefined();
  });

  test('a key is any text, and reaches the store hashed', async () => {
    const { sessions, base } = setup();
    const keys = ['', ' ', 'a:b', '../..', 'naïve ✓', '\0', '\r\n', '__proto__', 'x'.repeat(1_000_000), '\ud800'];
    for (const [i, key] of keys.entries()) await sessions.backend.set(key, i, 60);
    for (const [i, key] of keys.entries()) expect(await sessions.backend.get(key)).toBe(i);
    for (const { key } of await dump(base)) expect(key).toMatch(/^backend:[0-9a-f]{64}$/);
    for (const key of [1, null, undefined, {}] as never[]) {
      await expect(sessions.backend.get(key)).rejects.toMatchObject({ code: 'USAGE' });
      await expect(sessions.backend.set(key, 1)).rejects.toMatchObject({ code: 'USAGE' });
      await expect(sessions.backend.delete(key)).rejects.toMatchObject({ code: 'USAGE' });
    }
  });

  test('values go through the codec and come back in their own types, apart from what was handed in', async () => {
    const { backend } = setup().sessions;
    const value = {
      date: new Date(1),
      map: new Map([[1, { a: 1 }]]),
      set: new Set(['a']),
      bytes: new Uint8Array([1, 2]),
      big: 2n ** 70n,
      list: [Number.NaN],
    };
    await backend.set('a', value, 60);
    const before = structuredClone(value);
    value.list.push(1);
    expect(await backend.get('a')).toEqual(before);
  });

  test('a value lives for whole seconds, and that of a session by default', async () => {
    const { sessions, clock } = setup({ lifetime: { idle: '10m' } });
    await sessions.backend.set('a', 1, 60);
    await sessions.backend.set('b', 1);
    clock.tick({ ms: 59_999 });
    expect(await sessions.backend.get('a')).toBe(1);
    clock.tick({ ms: 1 });
    expect(await sessions.backend.get('a')).toBeUndefined();
    expect(await sessions.backend.delete('a')).toBe(false);
    clock.tick({ ms: 539_999 });
    expect(await sessions.backend.get('b')).toBe(1);
    clock.tick({ ms: 1 });
    expect(await sessions.backend.get('b')).toBeUndefined();
  });

  test('set shortens a life as well as it extends one', async () => {
    const { sessions, clock } = setup();
    await sessions.backend.set('a', 1, 600);
    await sessions.backend.set('a', 2, 1);
    clock.tick('1s');
    expect(await sessions.backend.get('a')).toBeUndefined();
    await sessions.backend.set('a', 3, 1);
    expect(await sessions.backend.get('a')).toBe(3);
  });

  test.each([0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY, 1e300, '60', null, new Date(), { ms: 1000 }, true])(
    'the expiry %s is refused, and nothing is stored',
    async (expiry) => {
      const { sessions, store } = setup();
      const refused = sessions.backend.set('a', 1, expiry as never);
      await expect(refused).rejects.toMatchObject({ code: 'EXPIRY_INVALID', status: 500 });
      expect(store.calls).toEqual([]);
    },
  );

  test('no key reaches a session or a record, and neither reaches a value', async () => {
    const { browser, sessions, newBrowser } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    await sessions.records('codes').create('a', 'code', { expiresIn: '1h' });
    const ticket = ticketOf(browser.cookie);
    for (const key of [ticket, keyOf(ticket), `:${keyOf(ticket)}`, 'a', 'codes:a']) {
      expect(await sessions.backend.get(key)).toBeUndefined();
      expect(await sessions.backend.delete(key)).toBe(false);
      await sessions.backend.set(key, { user: 'eve' }, 60);
    }
    const id = newId();
    await sessions.backend.set(id, { user: 'eve' }, 60);
    expect(await newBrowser(`__Host-session=${id}`).read((session) => session.keys())).toEqual([]);
    expect(await browser.read((session) => session.user)).toBe('ann');
    expect(await sessions.records('codes').get('a')).toBe('code');
    expect(() => sessions.records('backend')).toThrow(/sessions\.backend/);
  });

  test('undefined, what the codec cannot keep, what is too large and forbidden keys are refused', async () => {
    const { sessions, store } = setup();
    const set = (value: unknown) => sessions.backend.set('a', value, 60);
    await expect(set(undefined)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' });
    await expect(set(() => 1)).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' });
    await expect(set('x'.repeat(70_000))).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    await expect(set(JSON.parse('{"__proto__":1}'))).rejects.toMatchObject({ code: 'KEY_FORBIDDEN' });
    expect(store.calls).toEqual([]);
  });

  test('takes one store call to set and to get, two to delete', async () => {
    const { sessions, verbs } = setup();
    await sessions.backend.set('a', 1, 60);
    await sessions.backend.get('a');
    await sessions.backend.delete('a');
    expect(verbs()).toEqual(['put', 'read', 'read', 'destroy']);
  });

  test('of twenty parallel deletions one says that there was something', async () => {
    const { backend } = setup().sessions;
    await backend.set('a', 1, 60);
    const deleted = await Promise.all(Array.from({ length: 20 }, () => backend.delete('a')));
    expect(deleted.filter(Boolean)).toHaveLength(1);
  });

  test.each(['lose-answer', 'lose-request', 'fail'] as const)(
    'with %s a value is set, and deleted with a true answer',
    async (fault) => {
      const { sessions, store } = setup();
      store.next('put', fault);
      await sessions.backend.set('a', 1, 60);
      expect(await sessions.backend.get('a')).toBe(1);
      store.next('destroy', fault);
      expect(await sessions.backend.delete('a')).toBe(true);
      expect(await sessions.backend.get('a')).toBeUndefined();
    },
  );

  test('a dead store is an error, and told', async () => {
    const { sessions, store, heard } = setup();
    store.always('*', 'break');
    await expect(sessions.backend.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED', status: 503 });
    await expect(sessions.backend.set('a', 1)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(sessions.backend.delete('a')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(heard('store-error').map(({ verb }) => verb)).toEqual(['read', 'put', 'read']);
  });

  test('what another program wrote in its place is no value, and no error', async () => {
    const { sessions, base } = setup();
    await sessions.backend.set('a', 1, 60);
    const [found] = await dump(base);
    await base.put(found?.key ?? '', 'no document', found?.expiresAt ?? 0);
    expect(await sessions.backend.get('a')).toBeUndefined();
    expect(await sessions.backend.delete('a')).toBe(false);
    expect(await base.read(found?.key ?? '')).toBeUndefined();
  });

  test('sealed sessions have none', () => {
    expect('backend' in createCookieSessions({ secret: SECRET, revocation: 'none' })).toBe(false);
  });
});
