import { describe, expect, test } from 'vitest';
import { broken, codeOf, fresh, rejection, setup } from './helpers.ts';

describe('verbs', () => {
  test('get gives the fallback only for a missing key', async () => {
    const session = await fresh();
    session.assign({ zero: 0, empty: '', no: false, nil: null });
    expect(['zero', 'empty', 'no', 'nil', 'absent'].map((key) => session.get(key, 'fallback'))).toEqual([
      0,
      '',
      false,
      null,
      'fallback',
    ]);
  });

  test('set and assign can be chained, and undefined deletes', async () => {
    const session = await fresh();
    expect(session.set('a', 1).set('b', 2).assign({ c: 3 }).set('a', undefined)).toBe(session);
    session.b = undefined;
    expect(session.toJSON()).toEqual({ c: 3 });
  });

  test('pop gives what was there and removes it, else the fallback', async () => {
    const session = await fresh();
    session.notice = { text: 'hi' };
    expect([session.pop('notice'), session.pop('notice'), session.pop('notice', 'none')]).toEqual([
      { text: 'hi' },
      undefined,
      'none',
    ]);
  });

  test('setDefault keeps what is there and gives the session’s own object', async () => {
    const { browser } = setup();
    await browser.visit((session) => {
      expect(session.setDefault('n', 1)).toBe(1);
      expect(session.setDefault('n', 2)).toBe(1);
      session.setDefault('list', []).push('x');
    });
    expect(await browser.read((session) => session.toJSON())).toEqual({ n: 1, list: ['x'] });
  });

  test('setDefault replayed over another request’s commit keeps that one’s value', async () => {
    const { browser, heard } = setup();
    await browser.visit((session) => session.set('a', 1));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.set('lang', 'fr');
    second.session.setDefault('lang', 'en');
    await first.end();
    await second.end();
    expect(second.session.lang).toBe('fr');
    expect(await browser.read((session) => session.lang)).toBe('fr');
    expect(heard('overwritten')).toEqual([]);
  });

  test('a set after setDefault or update to the value just seen is still a set', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('n', 1));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.assign({ lang: 'fr', n: 50 });
    second.session.setDefault('lang', 'en');
    second.session.set('lang', 'en');
    second.session.update('n', (n = 0) => n + 1);
    second.session.set('n', 2);
    await first.end();
    await second.end();
    expect(await browser.read((session) => session.toJSON())).toEqual({ lang: 'en', n: 2 });
  });

  test('assign does all or nothing', async () => {
    const { browser, writes } = setup();
    await browser.visit((session) => session.assign({ a: 1, b: 2 }));
    const before = writes();
    await browser.visit((session) => {
      expect(codeOf(() => session.assign({ a: 9, b: undefined, c: () => 1 }))).toBe('VALUE_UNSUPPORTED');
      expect(codeOf(() => session.assign(JSON.parse('{"a": 9, "__proto__": null}')))).toBe('KEY_FORBIDDEN');
      const own = Object.defineProperty({ a: 9 }, '__proto__', { value: undefined, enumerable: true });
      expect(codeOf(() => session.assign(own))).toBe('KEY_FORBIDDEN');
      expect(session.toJSON()).toEqual({ a: 1, b: 2 });
    });
    expect(writes()).toBe(before);
    await browser.visit((session) => session.assign({ a: undefined, c: 3 }));
    expect(await browser.read((session) => session.toJSON())).toEqual({ b: 2, c: 3 });
  });

  test.each([[undefined], [null], ['text'], [['list']]])('assign refuses %j', async (values) => {
    const session = await fresh();
    expect(codeOf(() => session.assign(values as never))).toBe('USAGE');
  });

  test('clear removes also what others set meanwhile, and later writes apply', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ a: 1, b: 2 }));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.c = 3;
    second.session.z = 0;
    second.session.clear();
    expect(second.session.keys()).toEqual([]);
    second.session.b = 'new';
    await first.end();
    await second.end();
    expect(await browser.read((session) => session.toJSON())).toEqual({ b: 'new' });
  });

  test('keys, entries, toJSON and iteration hand out copies', async () => {
    const { browser, writes } = setup();
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    const before = writes();
    await browser.visit((session) => {
      const json = session.toJSON() as { cart: { items: string[] } };
      json.cart.items.push('json');
      for (const [, value] of session.entries()) (value as { items: string[] }).items.push('entries');
      for (const [, value] of session) (value as { items: string[] }).items.push('iteration');
      const described = Object.getOwnPropertyDescriptor(session, 'cart');
      described?.value.items.push('descriptor');
      session.keys().push('key');
      expect(session.toJSON()).toEqual({ cart: { items: ['tea'] } });
    });
    expect(writes()).toBe(before);
  });

  test('copies keep what JSON cannot say', async () => {
    const session = await fresh();
    const when = new Date(1234);
    session.assign({ when, tags: new Set(['a']), map: new Map([['k', 1n]]) });
    expect(session.toJSON()).toEqual({ when, tags: new Set(['a']), map: new Map([['k', 1n]]) });
    expect(session.toJSON().when).not.toBe(when);
  });
});

describe('update', () => {
  test('takes the returned value, or the changed copy', async () => {
    const session = await fresh();
    session.update('n', (n = 0) => n + 1);
    session.update('n', (n = 0) => n + 1);
    session.cart = { items: [] };
    session.update('cart', (cart) => {
      cart.items.push('tea');
    });
    expect(session.toJSON()).toEqual({ n: 2, cart: { items: ['tea'] } });
    expect(session.update('n', (n) => n)).toBeUndefined();
  });

  test('works on a private copy that nobody else holds', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    await browser.visit((session) => {
      const held = session.cart;
      let inside: { items: string[] } | undefined;
      session.update('cart', (cart) => {
        inside = cart;
        cart.items.push('milk');
      });
      expect(held).toEqual({ items: ['tea'] });
      inside?.items.push('smuggled');
      held.items.push('late');
      expect(session.cart).toEqual({ items: ['tea', 'milk'] });
    });
    expect(await browser.read((session) => session.cart)).toEqual({ items: ['tea', 'milk'] });
  });

  test('a constant that fn returns stays out of the session, also when replayed', async () => {
    const { browser, heard } = setup();
    const NOTHING: string[] = [];
    await browser.visit((session) => session.set('a', 1));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.b = 2;
    second.session.update('list', (list = NOTHING) => list);
    await first.end();
    await second.session.save();
    expect(heard('conflict')).toHaveLength(1);
    second.session.list.push('mine');
    await second.end();
    expect(NOTHING).toEqual([]);
    expect(await browser.read((session) => session.list)).toEqual(['mine']);
  });

  test('an edit made before is in what it gets, and stays in the log', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.other = 1;
    second.session.cart.items.push('milk');
    second.session.update('cart', (cart) => ({ items: [...cart.items, 'jam'] }));
    await first.end();
    await second.end();
    expect(await browser.read((session) => session.cart)).toEqual({ items: ['tea', 'milk', 'jam'] });
  });

  test('the value is provisional until save', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('n', 0));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    for (const { session } of [first, second]) session.update('n', (n = 0) => n + 1);
    expect([first.session.n, second.session.n]).toEqual([1, 1]);
    await first.session.save();
    await second.session.save();
    expect([first.session.n, second.session.n]).toEqual([1, 2]);
  });

  test('a promise from fn is refused at once, whatever becomes of it', async () => {
    const session = await fresh();
    session.n = 1;
    expect(codeOf(() => session.update('n', async () => 2))).toBe('UPDATE_ASYNC');
    expect(codeOf(() => session.update('n', () => Promise.reject(new Error('late'))))).toBe('UPDATE_ASYNC');
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested.
    expect(codeOf(() => session.update('n', () => ({ then: () => 1 })))).toBe('UPDATE_ASYNC');
    expect(session.n).toBe(1);
  });

  test.each([
    [
      'throws',
      () => {
        throw new TypeError('no');
      },
    ],
    ['gives what cannot be stored', () => () => 1],
  ])('a function that %s leaves everything as it was', async (_what, fn) => {
    const { browser, writes } = setup();
    await browser.visit((session) => session.set('cart', { n: 1 }));
    const before = writes();
    await browser.visit((session) => {
      const held = session.cart;
      const bad = (cart: { n: number }) => {
        cart.n = 2;
        return fn();
      };
      expect(() => session.update('cart', bad)).toThrow();
      expect(session.cart).toBe(held);
      expect(held).toEqual({ n: 1 });
    });
    expect(writes()).toBe(before);
  });

  test('with an object or without a function it says what to write', async () => {
    const session = await fresh();
    const loose = session as unknown as { update(...args: unknown[]): void };
    expect(codeOf(() => loose.update({ user: 'ann' }))).toBe('USAGE');
    expect(codeOf(() => loose.update('user', 'ann'))).toBe('USAGE');
    expect(() => loose.update({ user: 'ann' })).toThrow('assign');
  });
});

describe('take', () => {
  test('gives the value once and stores at once', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('coupon', { off: 10 }));
    const { session } = await browser.begin();
    expect(await Promise.all([session.take('coupon'), session.take('coupon')])).toEqual([{ off: 10 }, undefined]);
    expect(await browser.read((other) => other.has('coupon'))).toBe(false);
  });

  test('gives what this very request set before', async () => {
    const session = await fresh();
    session.coupon = 1;
    expect(await session.take('coupon')).toBe(1);
    expect(session.has('coupon')).toBe(false);
    expect(await session.take('never')).toBeUndefined();
  });

  test('that failed deletes nothing later and leaves the value in sight', async () => {
    const { browser, fail } = setup();
    await browser.visit((session) => session.assign({ coupon: { off: 10 }, other: 1 }));
    const { session, end } = await browser.begin();
    fail('update', broken());
    session.other = 2;
    expect(await rejection(session.take('coupon'))).toBe('STORE_FAILED');
    expect(session.coupon).toEqual({ off: 10 });
    expect((await end()).error).toBeUndefined();
    expect(await browser.read((other) => other.toJSON())).toEqual({ coupon: { off: 10 }, other: 2 });
  });

  test('still hands over what is cleared or regenerated in the same turn', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ coupon: 'ten', keep: 1 }));
    const { session, end } = await browser.begin();
    const taken = session.take('coupon');
    session.regenerate({ keep: ['keep'] });
    expect(await taken).toBe('ten');
    await end();
    expect(await browser.read((other) => other.toJSON())).toEqual({ keep: 1 });
  });
});
