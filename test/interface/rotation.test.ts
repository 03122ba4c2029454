import { describe, expect, test } from 'vitest';
import { codeOf, dump, setup } from './harness.ts';

describe('regenerate', () => {
  test('drops the data by default, keeps the creation, and the old ticket is dead', async () => {
    const { browser, clock, heard } = setup();
    await browser.visit((session) => session.assign({ user: 'ann', cart: 1 }));
    const old = browser.clone();
    const created = await browser.read((session) => session.createdAt);
    clock.tick('10m');
    const changes = await browser.visit(async (session) => {
      await session.regenerate();
      session.step = 2;
    });
    expect(changes.setCookie).toHaveLength(1);
    expect(browser.cookie).not.toBe(old.cookie);
    expect(await browser.read((session) => session.toJSON())).toEqual({ step: 2 });
    expect(await browser.read((session) => session.createdAt)).toEqual(created);
    expect(await old.read((session) => session.toJSON())).toEqual({});
    expect(heard('rotated')).toHaveLength(1);
  });

  test('keep: true keeps all, a list keeps what it names', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ a: 1, b: [2], c: 3 }));
    await browser.visit((session) => session.regenerate({ keep: true }));
    expect(await browser.read((session) => session.toJSON())).toEqual({ a: 1, b: [2], c: 3 });
    await browser.visit((session) => session.regenerate({ keep: ['b', 'missing'] }));
    expect(await browser.read((session) => session.toJSON())).toEqual({ b: [2] });
  });

  test('moves the owner to the new record, and the old one is off the list', async () => {
    const { browser, sessions } = setup({ ownerOf: (data) => data.user });
    await browser.visit((session) => session.set('user', 'ann'));
    const before = await sessions.listFor('ann');
    await browser.visit((session) => session.regenerate({ keep: true }));
    const after = await sessions.listFor('ann');
    expect(after).toHaveLength(1);
    expect(after[0]?.handle).not.toBe(before[0]?.handle);
    expect(after[0]?.handle).toBe(await browser.read((session) => session.handle));
  });

  test('with nothing to keep closes the session and deletes its cookie', async () => {
    const { browser, base } = setup();
    await browser.visit((session) => session.set('a', 1));
    const changes = await browser.visit((session) => session.regenerate());
    expect(changes.setCookie[0]).toContain('Max-Age=0');
    expect(browser.cookie).toBeUndefined();
    expect((await dump(base)).map(({ document }) => document)).toEqual([expect.stringContaining('~closed')]);
  });
});

describe('identity by hand (R17)', () => {
  test.each<[string, unknown, unknown]>([
    ['user', 'ann', 'bob'],
    ['userId', 1, 2],
    ['userId', 1, '1'],
    ['user_id', 'a', 'b'],
    ['user', { id: 1, name: 'x' }, { id: 2, name: 'x' }],
    ['user', { _id: 'a' }, { _id: 'b' }],
    ['user', { user: 'a' }, { user: 'b' }],
    ['user', { sub: 'a' }, { sub: 'b' }],
    ['passport', { user: 'a' }, { user: 'b' }],
    ['passport', { user: { id: 1 } }, { user: { id: 2 } }],
    ['passport', { user: { sub: 'a' } }, { user: { sub: 'b' } }],
  ])('a new %s (%j, then %j) rotates and keeps the data', async (key, first, second) => {
    const { browser, heard } = setup();
    await browser.visit((session) => session.set('cart', ['tea']));
    const anonymous = browser.clone();
    await browser.visit((session) => session.set(key, first));
    expect(browser.cookie).not.toBe(anonymous.cookie);
    expect(await anonymous.read((session) => session.keys())).toEqual([]);
    const one = browser.cookie;
    await browser.visit((session) => session.set(key, second));
    expect(browser.cookie).not.toBe(one);
    expect(await browser.read((session) => session.cart)).toEqual(['tea']);
    expect(heard('rotated')).toHaveLength(2);
  });

  test.each<[string, unknown, unknown]>([
    ['user', { id: 1, name: 'x' }, { id: 1, name: 'y' }],
    ['passport', { user: { id: 1, seen: 1 } }, { user: { id: 1, seen: 2 } }],
    ['passport', {}, undefined],
    ['color', 'red', 'blue'],
    ['user', '', undefined],
  ])('the same somebody, or nobody, in %s (%j, then %j) keeps the ticket', async (key, first, second) => {
    const { browser, heard } = setup();
    await browser.visit((session) => session.assign({ cart: 1, [key]: first }));
    await browser.visit((session) => session.set(key, second));
    expect(heard('rotated')).toEqual([]);
  });

  test('a nested edit that changes who it is rotates too', async () => {
    const { browser, heard } = setup();
    await browser.visit((session) => session.set('passport', { user: 'ann' }));
    await browser.visit((session) => {
      session.passport.user = 'bob';
    });
    expect(heard('rotated')).toHaveLength(1);
  });

  test('logout by hand rotates while data is left, and closes when none is', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ user: 'ann', theme: 'dark' }));
    const loggedIn = browser.clone();
    await browser.visit((session) => session.delete('user'));
    expect(await loggedIn.read((session) => session.user)).toBeUndefined();
    expect(await browser.read((session) => session.toJSON())).toEqual({ theme: 'dark' });

    const other = setup();
    await other.browser.visit((session) => session.set('user', 'ann'));
    const copy = other.browser.clone();
    const changes = await other.browser.visit((session) => session.delete('user'));
    expect(changes.setCookie[0]).toContain('Max-Age=0');
    const late = await copy.visit((session) => session.set('late', 1));
    expect(late.setCookie).toEqual([]);
  });

  test('identityKeys names other keys', async () => {
    const { browser, heard } = setup({ identityKeys: ['account'] });
    await browser.visit((session) => session.assign({ user: 'ann', account: 1 }));
    await browser.visit((session) => session.set('user', 'bob'));
    expect(heard('rotated')).toEqual([]);
    await browser.visit((session) => session.set('account', 2));
    expect(heard('rotated')).toHaveLength(1);
  });
});

describe('several commits in one request', () => {
  test('count each change once, through a rotation, and notice nested edits in between', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.assign({ n: 0, list: [1] }));
    await browser.visit(async (session) => {
      await session.regenerate({ keep: true });
      await session.save();
      session.list.push(2);
      session.update('n', (n = 0) => n + 1);
      await Promise.all([session.save(), session.save()]);
      session.list.push(3);
    });
    expect(await browser.read((session) => session.toJSON())).toEqual({ n: 1, list: [1, 2, 3] });
  });

  test('a session that was emptied or closed and then written to is there again', async () => {
    for (const act of ['clear', 'regenerate'] as const) {
      const { browser } = setup();
      await browser.visit((session) => session.set('user', 'ann'));
      const changes = await browser.visit(async (session) => {
        await session[act]();
        await session.save();
        session.fresh = 1;
      });
      expect(changes.setCookie).toHaveLength(1);
      expect(await browser.read((session) => session.toJSON())).toEqual({ fresh: 1 });
    }
  });

  test('reload gives what the store holds and drops what was not saved', async () => {
    const { browser, store, verbs } = setup();
    await browser.visit((session) => session.set('n', { a: 0 }));
    const { session, end } = await browser.begin();
    session.n.a = 5;
    await browser.clone().visit((other) => other.set('n', { a: 1 }));
    store.reset();
    await session.reload();
    expect(session.n).toEqual({ a: 1 });
    await end();
    expect(verbs()).toEqual(['read']);
  });
});

describe('rotation against others', () => {
  test('a change committed before the claim is replayed onto the new record', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('n', 1));
    const slow = await browser.clone().begin();
    await slow.session.regenerate({ keep: true });
    slow.session.update('n', (n = 0) => n + 1);
    await browser.clone().visit((session) => session.update('n', (n = 0) => n + 10));
    const changes = await slow.end();
    expect(changes.error).toBeUndefined();
    const after = browser.clone();
    after.keep(changes);
    expect(await after.read((session) => session.n)).toBe(12);
  });

  test('a session that ended meanwhile does not come back by rotation, and its new record is gone', async () => {
    const { browser, base } = setup();
    await browser.visit((session) => session.set('n', 1));
    const slow = await browser.clone().begin();
    await slow.session.regenerate({ keep: true });
    await browser.visit((session) => session.destroy());
    const changes = await slow.end();
    expect(codeOf(changes.error)).toBe('SESSION_GONE');
    expect(changes.setCookie).toEqual([]);
    expect((await dump(base)).map(({ document }) => document)).toEqual([expect.stringContaining('~closed')]);
  });
});

describe('emptied sessions', () => {
  test('the emptied record has a minute, and a write in it gives record and cookie their full life back', async () => {
    const { browser, clock, base } = setup();
    await browser.visit((session) => session.set('a', 1));
    const other = browser.clone();
    const emptied = await browser.visit((session) => session.clear());
    expect(emptied.setCookie[0]).toContain('Max-Age=0');
    expect((await dump(base))[0]?.expiresAt).toBe(clock.now() + 60_000);
    clock.tick('59s');
    const changes = await other.visit((session) => session.set('b', 2));
    expect(changes.setCookie[0]).toMatch(/^__Host-session=[\w-]{43};/);
    clock.tick('59m');
    expect(await other.read((session) => session.toJSON())).toEqual({ b: 2 });
  });

  test('after that minute it is over', async () => {
    const { browser, clock } = setup();
    await browser.visit((session) => session.set('a', 1));
    const other = browser.clone();
    await browser.visit((session) => session.delete('a'));
    clock.tick('60s');
    const late = await other.visit((session) => session.set('b', 2));
    expect(late.setCookie).toHaveLength(1);
    expect(other.cookie).not.toBe(browser.cookie);
    expect(await other.read((session) => session.toJSON())).toEqual({ b: 2 });
  });

  test('looking at an emptied session does not keep it alive', async () => {
    const { browser, clock, base } = setup();
    await browser.visit((session) => session.set('a', 1));
    const other = browser.clone();
    await browser.visit((session) => session.clear());
    const end = (await dump(base))[0]?.expiresAt;
    clock.tick('30s');
    await other.read((session) => session.keys());
    expect((await dump(base))[0]?.expiresAt).toBe(end);
  });
});
