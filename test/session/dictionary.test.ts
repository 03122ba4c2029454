import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { codeOf, fresh, setup } from './helpers.ts';

describe('a session is like a dictionary', () => {
  test('properties and brackets read and write keys', async () => {
    const session = await fresh();
    session.user = 'ann';
    session['odd key'] = 1;
    const name = 'user';
    expect([session.user, session[name], session['odd key'], session.absent]).toEqual(['ann', 'ann', 1, undefined]);
  });

  test('in and delete know the keys and nothing inherited', async () => {
    const session = await fresh();
    session.a = 1;
    expect(['a' in session, 'toString' in session, 'get' in session]).toEqual([true, false, false]);
    expect(delete session.a).toBe(true);
    expect(delete session.never).toBe(true);
    expect('a' in session).toBe(false);
  });

  test('get and has never reach an inherited member', async () => {
    const session = await fresh();
    expect(session.get('toString')).toBeUndefined();
    expect(session.has('hasOwnProperty')).toBe(false);
    expect(session.toString).toBeUndefined();
    expect(session.constructor).toBeUndefined();
  });

  test('Object.keys, entries, spread, for-in and iteration list the keys in their order', async () => {
    const session = await fresh();
    session.assign({ b: 1, a: { x: [1] } });
    expect(Object.keys(session)).toEqual(['b', 'a']);
    expect(Object.entries(session)).toEqual([
      ['b', 1],
      ['a', { x: [1] }],
    ]);
    expect({ ...session }).toEqual({ b: 1, a: { x: [1] } });
    expect([...session]).toEqual([
      ['b', 1],
      ['a', { x: [1] }],
    ]);
    const names: string[] = [];
    for (const name in session) names.push(name);
    expect(names).toEqual(['b', 'a']);
  });

  test('destructuring takes keys and bound members', async () => {
    const session = await fresh();
    session.assign({ user: 'ann', cart: { items: ['tea'] } });
    const { user, missing = 'none', cart, set, handle, ...rest } = session;
    expect([user, missing, cart, handle]).toEqual(['ann', 'none', { items: ['tea'] }, undefined]);
    expect(rest).toEqual({});
    set('later', true);
    expect(session.later).toBe(true);
  });

  test('JSON.stringify gives the data', async () => {
    const session = await fresh();
    session.assign({ a: { b: [1, null] } });
    expect(JSON.stringify({ session })).toBe('{"session":{"a":{"b":[1,null]}}}');
  });

  test('console.log shows the data, and is no look', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    const { session, end } = await browser.begin();
    expect(inspect(session, { depth: 5 })).toBe("Session { cart: { items: [ 'tea' ] } }");
    expect(session.accessed).toBe(false);
    expect((await end()).looked).toBe(false);
  });

  test('a logged session whose store failed says so instead of throwing', async () => {
    const { browser, fail } = setup();
    await browser.visit((session) => session.set('a', 1));
    fail('read', new TypeError('no connection'));
    const { session } = await browser.begin();
    expect(inspect(session)).toBe("Session { unavailable: 'STORE_FAILED' }");
    expect(codeOf(() => session.a)).toBe('STORE_FAILED');
  });

  test('it can be turned into text and tells its kind', async () => {
    const session = await fresh();
    expect(`${session}`).toBe('[object Session]');
    expect(Object.prototype.toString.call(session)).toBe('[object Session]');
  });

  test('a session can be awaited, returned from async functions and raced', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('then', 'data'));
    const { session } = await browser.begin();
    expect(await session).toBe(session);
    expect(await Promise.race([session])).toBe(session);
    expect(session.accessed).toBe(false);
    expect(session.get('then')).toBe('data');
  });

  test('symbols and then never throw and are no look, even when the store failed', async () => {
    const { browser, fail } = setup();
    await browser.visit((session) => session.set('a', 1));
    fail('read', new TypeError('no connection'));
    const { session, end } = await browser.begin();
    const odd = session as unknown as Record<symbol | string, unknown>;
    for (const symbol of [Symbol.toPrimitive, Symbol.isConcatSpreadable, Symbol.asyncIterator, Symbol('any')]) {
      void odd[symbol];
      void (symbol in session);
    }
    expect(odd.then).toBeUndefined();
    expect('then' in session).toBe(false);
    expect(session.accessed).toBe(false);
    expect(await end()).toEqual({ setCookie: [], looked: false });
  });

  test('what is attached under a symbol stays with the request and is no data', async () => {
    const { browser, writes } = setup();
    await browser.visit((session) => session.set('a', 1));
    const before = writes();
    const mark = Symbol('mark');
    await browser.visit((session) => {
      const odd = session as unknown as Record<symbol, unknown>;
      odd[mark] = 1;
      expect(odd[mark]).toBe(1);
      expect(Reflect.ownKeys(session)).toEqual(['a']);
      delete odd[mark];
      expect(odd[mark]).toBeUndefined();
    });
    expect(writes()).toBe(before);
  });
});

describe('names that are taken', () => {
  const members = ['get', 'set', 'save', 'destroy', 'keys', 'handle', 'isNew', 'toJSON', 'then'];

  test.each(members)(
    'session.%s cannot be assigned or deleted, and set, get and delete keep data under it',
    async (name) => {
      const session = await fresh();
      const odd = session as unknown as Record<string, unknown>;
      expect(
        codeOf(() => {
          odd[name] = 1;
        }),
      ).toBe('KEY_RESERVED');
      expect(codeOf(() => Object.defineProperty(session, name, { value: 1 }))).toBe('KEY_RESERVED');
      expect(codeOf(() => delete odd[name])).toBe('KEY_RESERVED');
      session.set(name, 'data');
      expect([session.get(name), session.has(name), session.delete(name)]).toEqual(['data', true, true]);
    },
  );

  test('the error names the way out', async () => {
    const session = await fresh();
    expect(() => Object.assign(session, { keys: 1 })).toThrow("session.set('keys', value)");
  });

  test('a key under a member’s name survives the store', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ get: 1, permanent: 'data' }));
    const { session } = await browser.begin();
    expect([session.get('get'), session.get('permanent'), session.permanent]).toEqual([1, 'data', false]);
    expect(typeof session.get).toBe('function');
  });

  const forbidden = ['__proto__', 'constructor', 'prototype'];

  test.each(forbidden)('%s is refused as a key by every verb', async (name) => {
    const session = await fresh();
    const acts = [
      () => session.set(name, 1),
      () => session.set(name, undefined),
      () => session.setDefault(name, 1),
      () => session.update(name, () => 1),
      () => session.delete(name),
      () => session.pop(name),
      () => session.assign(JSON.parse(`{"${name}": 1}`)),
      () => Object.defineProperty(session, name, { value: 1 }),
      () => {
        session[name] = {};
      },
    ];
    expect(acts.map(codeOf)).toEqual(acts.map(() => 'KEY_FORBIDDEN'));
    await expect(session.take(name)).rejects.toMatchObject({ code: 'KEY_FORBIDDEN' });
    expect(session.keys()).toEqual([]);
  });

  test.each(forbidden)('%s is refused at every depth of a value', async (name) => {
    const session = await fresh();
    const deep = JSON.parse(`{"list":[{"map":{"${name}":1}}]}`);
    expect(codeOf(() => session.set('a', deep))).toBe('KEY_FORBIDDEN');
    expect(codeOf(() => session.set('a', new Map([['k', deep]])))).toBe('KEY_FORBIDDEN');
    expect(codeOf(() => session.assign({ fine: 1, a: deep }))).toBe('KEY_FORBIDDEN');
    expect(codeOf(() => session.update('a', () => deep))).toBe('KEY_FORBIDDEN');
    expect(session.keys()).toEqual([]);
  });

  test('a refused key in a nested edit is the commit’s error', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', { b: {} }));
    const changes = await browser.visit((session) => {
      Object.defineProperty(session.a.b, '__proto__', { value: 1, enumerable: true });
    });
    expect(changes.error).toMatchObject({ code: 'KEY_FORBIDDEN', status: 400 });
  });

  test('a key that is no text is refused, not lost', async () => {
    const session = await fresh();
    const loose = session as unknown as { set(key: unknown, value?: unknown): void; delete(key: unknown): void };
    expect(codeOf(() => loose.set({ user: 'ann' }))).toBe('USAGE');
    expect(codeOf(() => loose.set(Symbol('a'), 1))).toBe('USAGE');
    expect(codeOf(() => loose.set(7, 1))).toBe('USAGE');
    expect(codeOf(() => loose.delete(undefined))).toBe('USAGE');
  });
});
