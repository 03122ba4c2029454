import { describe, expect, test } from 'vitest';
import { broken, codeOf, rejection, setup } from './helpers.ts';

const turn = () => new Promise(setImmediate);

describe('while a commit is in flight', () => {
  test('further changes are seen at once and stored by the next commit', async () => {
    const { browser, hold, writes } = setup();
    const { session, end } = await browser.begin();
    const release = hold('create');
    session.a = 1;
    const saved = session.save();
    await turn();
    session.b = 2;
    session.update('a', (a = 0) => a + 1);
    expect(session.toJSON()).toEqual({ a: 2, b: 2 });
    release();
    await saved;
    expect(session.toJSON()).toEqual({ a: 2, b: 2 });
    expect(session.modified).toBe(true);
    await end();
    expect(writes()).toBe(2);
    expect(await browser.read((other) => other.toJSON())).toEqual({ a: 2, b: 2 });
  });

  test('two saves that nobody awaits store everything once, in their order', async () => {
    const { browser, writes } = setup();
    await browser.visit((session) => session.set('n', 0));
    const before = writes();
    await browser.visit((session) => {
      session.update('n', (n = 0) => n + 1);
      session.save();
      session.update('n', (n = 0) => n + 1);
      session.save();
    });
    expect(writes() - before).toBeLessThanOrEqual(2);
    expect(await browser.read((session) => session.n)).toBe(2);
  });

  test('a save that nobody awaits and that fails is repeated by the commit', async () => {
    const { browser, fail } = setup();
    await browser.visit((session) => session.set('n', 0));
    const changes = await browser.visit((session) => {
      fail('update', broken());
      session.update('n', (n = 0) => n + 1);
      session.save();
    });
    expect(changes.error).toBeUndefined();
    expect(await browser.read((session) => session.n)).toBe(1);
  });

  test('changes made before and during a save that fails keep their order', async () => {
    const { browser, hold, fail } = setup();
    await browser.visit((session) => session.assign({ n: 1, gone: true }));
    const { session, end } = await browser.begin();
    const release = hold('update');
    fail('update', broken());
    session.update('n', (n = 0) => n * 10);
    const saved = session.save();
    await turn();
    session.update('n', (n = 0) => n + 1);
    session.delete('gone');
    release();
    expect(await rejection(saved)).toBe('STORE_FAILED');
    await end();
    expect(await browser.read((other) => other.toJSON())).toEqual({ n: 11 });
  });

  test('a set to the value that an update in flight seems to give is a set', async () => {
    const { browser, hold } = setup();
    await browser.visit((session) => session.set('n', 0));
    const { session, end } = await browser.begin();
    await browser.visit((other) => other.set('n', 40));
    const release = hold('update');
    session.update('n', (n = 0) => n + 1);
    const saved = session.save();
    await turn();
    session.n = 1;
    release();
    await saved;
    await end();
    expect(await browser.read((other) => other.n)).toBe(1);
  });

  test('an object that replaces the one in flight is the only one that counts', async () => {
    const { browser, hold } = setup();
    await browser.visit((session) => session.set('a', 1));
    const { session, end } = await browser.begin();
    const release = hold('update');
    const old = { n: 'old' };
    session.cart = old;
    const saved = session.save();
    await turn();
    session.cart = { n: 'new' };
    release();
    await saved;
    old.n = 'edited';
    await end();
    expect(await browser.read((other) => other.cart)).toEqual({ n: 'new' });
  });

  test('R17: an identity that is set meanwhile still gives the session a new id', async () => {
    const { browser, hold, heard } = setup();
    await browser.visit((session) => session.set('a', 1));
    const ticket = browser.cookie;
    const { session, end } = await browser.begin();
    const release = hold('update');
    session.a = 2;
    const saved = session.save();
    await turn();
    session.user = 'ann';
    release();
    await saved;
    await end();
    expect(heard('rotated')).toHaveLength(1);
    expect(browser.cookie).not.toBe(ticket);
    expect(await browser.read((other) => other.toJSON())).toEqual({ a: 2, user: 'ann' });
  });

  test('G2: a session that is destroyed meanwhile is ended, whatever was in flight', async () => {
    for (const [verb, first] of [
      ['create', false],
      ['update', true],
    ] as const) {
      const { browser, hold, heard } = setup();
      if (first) await browser.visit((session) => session.set('a', 1));
      const stolen = browser.clone();
      const { session, end } = await browser.begin();
      const release = hold(verb);
      session.b = 2;
      const saved = session.save();
      await turn();
      await session.destroy();
      expect(session.keys()).toEqual([]);
      release();
      await saved;
      expect(session.keys()).toEqual([]);
      const changes = await end();
      expect(changes.setCookie.join()).toMatch(/^__Host-session=;/);
      expect(heard('destroyed')).toHaveLength(1);
      expect(await stolen.read((other) => other.keys())).toEqual([]);
    }
  });

  test('G2: what was destroyed meanwhile does not come back because its commit failed', async () => {
    const { browser, hold, fail, heard } = setup();
    const { session, end } = await browser.begin();
    const release = hold('create');
    fail('create', broken());
    session.user = 'ann';
    const saved = session.save();
    await turn();
    await session.destroy();
    release();
    expect(await rejection(saved)).toBe('STORE_FAILED');
    await end();
    expect(heard('created')).toEqual([]);
    expect(browser.cookie).toBeUndefined();
  });

  test('G2: a new session after a destroy has nothing of the old one, though its commit failed', async () => {
    const { browser, hold, fail } = setup();
    const { session, end } = await browser.begin();
    const release = hold('create');
    fail('create', broken());
    session.user = 'ann';
    session.permanent = true;
    const saved = session.save();
    await turn();
    await session.destroy();
    session.c = 3;
    release();
    expect(await rejection(saved)).toBe('STORE_FAILED');
    await end();
    await browser.visit((other) => expect([other.permanent, other.toJSON()]).toEqual([false, { c: 3 }]));
  });

  test('what is written after a destroy opens a new session, also when a commit was in flight', async () => {
    const { browser, hold } = setup();
    await browser.visit((session) => session.set('a', 1));
    const ticket = browser.cookie;
    const { session, end } = await browser.begin();
    const release = hold('update');
    session.b = 2;
    const saved = session.save();
    await turn();
    await session.destroy();
    session.c = 3;
    release();
    await saved;
    await end();
    expect(browser.cookie).not.toBe(ticket);
    expect(await browser.read((other) => other.toJSON())).toEqual({ c: 3 });
  });
});

test('a permanent session whose cookie is sent again is closed by destroy, not deleted: its ticket is known', async () => {
  const { browser, calls, clock } = setup();
  await browser.visit((session) => Object.assign(session, { a: 1, permanent: true }));
  clock.tick('1h');
  calls.length = 0;
  await browser.visit(async (session) => {
    session.a = 2;
    await session.save();
    await session.destroy();
  });
  expect(calls).toEqual(['read', 'update', 'put']);
});

test('reload drops what was not saved and forgets what was handed out', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('cart', { n: 1 }));
  await browser.visit(async (session) => {
    const { cart } = session;
    cart.n = 2;
    session.other = 1;
    await browser.clone().visit((other) => other.set('theirs', 1));
    await session.reload();
    expect(session.toJSON()).toEqual({ cart: { n: 1 }, theirs: 1 });
    cart.n = 3;
    expect(session.modified).toBe(false);
  });
  expect(await browser.read((session) => session.toJSON())).toEqual({ cart: { n: 1 }, theirs: 1 });
});

test('a lazy session says load first, is loaded once, and probing it is no look', async () => {
  const { browser, calls } = setup({ load: 'lazy' });
  await browser.visit(async (session) => {
    await session.load();
    session.set('a', 1);
  });
  calls.length = 0;
  const { session } = await browser.begin();
  expect(await session).toBe(session);
  expect(calls).toEqual([]);
  for (const act of [() => session.a, () => session.set('a', 2), () => session.keys(), () => session.isNew]) {
    expect(codeOf(act)).toBe('SESSION_NOT_LOADED');
  }
  await Promise.all([session.load(), session.load()]);
  await session.load();
  expect(calls).toEqual(['read']);
  expect(session.a).toBe(1);
});
