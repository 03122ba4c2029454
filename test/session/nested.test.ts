import { expect, test } from 'vitest';
import { broken, rejection, setup } from './helpers.ts';

const read = (browser: ReturnType<typeof setup>['browser']) => browser.read((session) => session.toJSON());

test('G5: an edit deep inside arrays and objects is saved', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('a', { list: [[{ deep: [1] }]] }));
  await browser.visit((session) => session.a.list[0][0].deep.push(2));
  expect(await read(browser)).toEqual({ a: { list: [[{ deep: [1, 2] }]] } });
});

test('G5: edits of Maps, Sets, Dates and bytes are saved', async () => {
  const { browser } = setup();
  await browser.visit((session) =>
    session.assign({ map: new Map([['a', 1]]), set: new Set([1]), date: new Date(0), bytes: new Uint8Array([1]) }),
  );
  await browser.visit((session) => {
    session.map.set('b', 2);
    session.set('other', 1);
    session.get('set').add(2);
    session.date.setTime(5000);
    session.bytes[0] = 9;
  });
  const data = await read(browser);
  expect([...(data.map as Map<string, number>)]).toEqual([
    ['a', 1],
    ['b', 2],
  ]);
  expect(data.set).toEqual(new Set([1, 2]));
  expect(data.date).toEqual(new Date(5000));
  expect([...(data.bytes as Uint8Array)]).toEqual([9]);
});

test('an object that was set and then edited is saved as it is at the commit', async () => {
  const { browser } = setup();
  await browser.visit((session) => {
    const cart = { items: ['tea'] };
    session.cart = cart;
    cart.items.push('milk');
    expect(session.cart).toBe(cart);
    session.cart.items.push('jam');
  });
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'milk', 'jam'] } });
});

test('an object that was edited after save is saved again, in a new and in a loaded session', async () => {
  const { browser } = setup();
  for (const item of ['tea', 'milk']) {
    await browser.visit(async (session) => {
      const cart = session.setDefault('cart', { items: [] });
      cart.items.push(item);
      await session.save();
      cart.items.push(`${item} again`);
    });
  }
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'tea again', 'milk', 'milk again'] } });
});

test('one object under two keys is tracked under both', async () => {
  const { browser } = setup();
  await browser.visit(async (session) => {
    const shared = { n: 1 };
    session.a = shared;
    session.b = shared;
    await session.save();
    session.b = 'replaced';
    await session.save();
    shared.n = 2;
  });
  expect(await read(browser)).toEqual({ a: { n: 2 }, b: 'replaced' });
});

test('an object handed out twice is the same object', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('cart', { items: [] }));
  await browser.visit((session) => {
    expect(session.cart).toBe(session.get('cart'));
    session.cart.items.push(1);
    session.cart.items.push(2);
  });
  expect(await read(browser)).toEqual({ cart: { items: [1, 2] } });
});

test('a reference held of a key that was replaced, deleted, popped or cleared is nobody’s', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ a: { n: 1 }, b: { n: 1 }, c: { n: 1 }, d: { n: 1 } }));
  await browser.visit(async (session) => {
    const { a, b, d } = session;
    session.a = { n: 'new' };
    delete session.b;
    const c = session.pop('c');
    for (const held of [a, b, c]) held.n = 'edited';
    await session.save();
    for (const held of [a, b, c]) held.n = 'edited again';
    expect(session.modified).toBe(false);
    await session.save();
    expect(session.toJSON()).toEqual({ a: { n: 'new' }, d: { n: 1 } });
    session.clear();
    d.n = 'edited';
  });
  expect(await read(browser)).toEqual({});
});

test('an edit that is undone is no change', async () => {
  const { browser, writes } = setup();
  await browser.visit((session) => session.set('cart', { items: ['tea'] }));
  const before = writes();
  await browser.visit((session) => {
    session.cart.items.push('milk');
    session.cart.items.pop();
  });
  expect(writes()).toBe(before);
});

test('after a conflict the handler goes on holding its object where nobody else changed it', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ cart: { items: ['tea'] }, n: 0 }));
  const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
  const { cart } = second.session;
  first.session.other = 1;
  await first.end();
  second.session.n = 1;
  await second.session.save();
  expect(second.session.cart).toBe(cart);
  cart.items.push('milk');
  await second.end();
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'milk'] }, n: 1, other: 1 });
});

test('an object that another request overtook is not written back when nobody edited it', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ cart: { items: ['tea'] }, n: 0 }));
  const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
  const { cart } = second.session;
  first.session.cart.items.push('milk');
  await first.end();
  second.session.n = 1;
  await second.session.save();
  expect(cart).toEqual({ items: ['tea'] });
  expect(second.session.cart).toEqual({ items: ['tea', 'milk'] });
  expect(second.session.modified).toBe(false);
  await second.end();
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'milk'] }, n: 1 });
});

test('an edit of an overtaken object is a change like any other: the last writer wins, nothing is dropped', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ cart: { items: ['tea'] }, n: 0 }));
  const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
  const { cart } = second.session;
  first.session.cart.items.push('milk');
  await first.end();
  second.session.n = 1;
  await second.session.save();
  cart.items.push('jam');
  await second.end();
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'jam'] }, n: 1 });
});

test('edits of the newer object after a conflict are saved', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ cart: { items: ['tea'] }, n: 0 }));
  const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
  void second.session.cart;
  first.session.cart.items.push('milk');
  await first.end();
  second.session.n = 1;
  await second.session.save();
  second.session.cart.items.push('jam');
  await second.end();
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'milk', 'jam'] }, n: 1 });
});

test('an edit made while the commit is in flight is saved by the next one, with and without a conflict', async () => {
  for (const conflict of [false, true]) {
    const { browser, hold } = setup();
    await browser.visit((session) => session.assign({ cart: { items: ['tea'] }, n: 0 }));
    const { session, end } = await browser.begin();
    const { cart } = session;
    if (conflict) await browser.visit((other) => other.set('other', 1));
    const release = hold('update');
    session.n = 1;
    const saved = session.save();
    await new Promise(setImmediate);
    cart.items.push('in flight');
    release();
    await saved;
    expect(session.cart).toBe(cart);
    await end();
    const other = conflict ? { other: 1 } : {};
    expect(await read(browser)).toEqual({ cart: { items: ['tea', 'in flight'] }, n: 1, ...other });
  }
});

test('the same object set again is no change, and edits of it still are', async () => {
  const { browser, writes } = setup();
  await browser.visit((session) => session.set('flash', { info: [] }));
  const before = writes();
  await browser.visit((session) => {
    session.flash = session.flash || {};
  });
  expect(writes()).toBe(before);
  await browser.visit((session) => {
    const flash = session.flash || {};
    session.flash = flash;
    flash.info.push('hello');
  });
  expect(await read(browser)).toEqual({ flash: { info: ['hello'] } });
});

test('an edit whose save failed is saved by the commit', async () => {
  const { browser, fail } = setup();
  await browser.visit((session) => session.set('cart', { items: ['tea'] }));
  await browser.visit(async (session) => {
    const { cart } = session;
    cart.items.push('milk');
    fail('update', broken());
    expect(await rejection(session.save())).toBe('STORE_FAILED');
    cart.items.push('jam');
  });
  expect(await read(browser)).toEqual({ cart: { items: ['tea', 'milk', 'jam'] } });
});

test.each([
  ['a function', () => 1, 'VALUE_UNSUPPORTED'],
  ['itself', undefined, 'SESSION_TOO_LARGE'],
])('an edit that puts %s into the session is the commit’s error, not the reader’s', async (_what, value, code) => {
  const { browser } = setup();
  await browser.visit((session) => session.set('cart', { items: [] }));
  const changes = await browser.visit((session) => {
    const { cart } = session;
    cart.items.push(value ?? cart);
    expect(session.cart).toBe(cart);
    expect(session.modified).toBe(true);
  });
  expect(changes).toMatchObject({ looked: true, error: { code } });
  expect(await read(browser)).toEqual({ cart: { items: [] } });
});
