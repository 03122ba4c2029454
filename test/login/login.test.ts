import { describe, expect, it } from 'vitest';
import { ANN, BOB, CAROL, setup } from './harness.ts';

describe('loginUser', () => {
  it('knows the user on the next page, under a new id', async () => {
    const { browser, heard } = setup();
    await browser.visit(({ session }) => session.set('seen', 1));
    const before = browser.cookie;
    await browser.visit(({ login }) => expect(login.loginUser(ANN)).toBe(true));
    expect(browser.cookie).not.toBe(before);
    expect(await browser.name()).toBe('ann');
    expect(heard('logged-in')).toMatchObject([{ user: '1' }]);
  });

  it('shows the user in the same request', async () => {
    const { browser } = setup();
    await browser.visit(async ({ login }) => {
      login.loginUser(ANN);
      expect(login.currentUser).toBe(ANN);
      expect(await login.user()).toBe(ANN);
    });
  });

  it('drops what was in the session before, but the keys to be carried and what comes after', async () => {
    const { browser } = setup({ carry: ['cart'] });
    await browser.visit(({ session }) => session.assign({ cart: ['a'], csrf: 'planted' }));
    await browser.visit(({ session, login }) => {
      session.set('before', 1);
      login.loginUser(ANN);
      session.set('after', 2);
    });
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ cart: ['a'], after: 2 }));
  });

  it('refuses who is not active, unless forced, and stores nothing', async () => {
    const { browser, store, heard } = setup();
    await browser.visit(({ login }) => expect(login.loginUser(CAROL)).toBe(false));
    expect(store.calls).toEqual([]);
    expect(heard('login-failed')).toMatchObject([{ user: '3' }]);
    await browser.visit(({ login }) => expect(login.loginUser(CAROL, { force: true })).toBe(true));
    expect(await browser.name()).toBe('nobody');
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('does not run in a %s request', async (method) => {
    const { browser } = setup();
    await expect(browser.visit(({ login }) => login.loginUser(ANN), { method })).rejects.toMatchObject({
      code: 'LOGIN_METHOD',
      status: 405,
    });
    await browser.visit(({ login }) => login.loginUser(ANN));
    await expect(browser.visit(({ login }) => login.logoutUser(), { method })).rejects.toMatchObject({
      code: 'LOGIN_METHOD',
    });
    expect(await browser.name()).toBe('ann');
  });

  it('holds although the session it was done on was ended meanwhile', async () => {
    const { browser } = setup({ carry: ['cart'] });
    await browser.visit(({ session }) => session.set('cart', ['a']));
    const other = browser.clone();
    const visit = await browser.begin();
    visit.login.loginUser(ANN);
    await other.visit(({ session }) => session.destroy());
    await visit.end();
    expect(await browser.name()).toBe('ann');
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({}));
  });

  it('belongs to its user: listed and revoked by it', async () => {
    const { browser, newBrowser, sessions } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    const second = newBrowser();
    await second.visit(({ login }) => login.loginUser(ANN));
    expect(await sessions.listFor('1')).toHaveLength(2);
    await second.visit(async ({ session }) => sessions.revokeAll('1', { except: session }));
    expect([await browser.name(), await second.name()]).toEqual(['nobody', 'ann']);
  });
});

describe('user', () => {
  it('costs one read of the store and one load of the user, and none of both where nobody asks', async () => {
    const { browser, store, loaded } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    store.reset();
    await browser.visit(async ({ login }) => {
      await Promise.all([login.user(), login.user()]);
      expect(login.currentUser).toBe(ANN);
    });
    expect([store.calls.map(({ verb }) => verb), loaded]).toEqual([['read'], ['1']]);
    browser.jar.clear();
    store.reset();
    await browser.visit(({ login }) => expect(login.isAuthenticated).toBe(false));
    expect([store.calls, loaded]).toEqual([[], ['1']]);
  });

  it('is not known without waiting before somebody has asked', async () => {
    const { browser } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    const visit = await browser.begin();
    expect(() => visit.login.currentUser).toThrow(expect.objectContaining({ code: 'USER_NOT_LOADED' }));
  });

  it('is nobody once the user is deleted, inactive, or has another version', async () => {
    const { browser, users } = setup({ sessionVersion: (user) => user.version ?? 0 });
    await browser.visit(({ login }) => login.loginUser(ANN));
    users.delete('1');
    expect(await browser.name()).toBe('nobody');
    users.set('1', { ...ANN, isActive: false });
    expect(await browser.name()).toBe('nobody');
    users.set('1', ANN);
    expect(await browser.name()).toBe('ann');
    users.set('1', { ...ANN, version: 1 });
    expect(await browser.name()).toBe('nobody');
    users.set('1', ANN);
    expect(await browser.name()).toBe('nobody');
  });

  it('throws what the store throws, and a guard lets nobody through then', async () => {
    const { browser, store } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    store.always('read', 'break');
    await expect(browser.visit(({ login }) => login.user())).rejects.toMatchObject({ status: 503 });
  });
});

describe('logoutUser', () => {
  it('ends the session, the cookie and the login', async () => {
    const { browser, heard } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    const copy = browser.clone();
    await browser.visit(({ login }) => {
      login.logoutUser();
      expect(login.isAuthenticated).toBe(false);
    });
    expect([browser.jar.size, await browser.name(), await copy.name()]).toEqual([0, 'nobody', 'nobody']);
    expect(heard('logged-out')).toHaveLength(1);
  });

  it('runs in a GET request where that is allowed by name', async () => {
    const { browser } = setup({ safeMethods: ['logout'] });
    await browser.visit(({ login }) => login.loginUser(ANN));
    await browser.visit(({ login }) => login.logoutUser(), { method: 'GET' });
    expect(await browser.name()).toBe('nobody');
  });
});

describe('freshness', () => {
  it('ends with time, comes back by confirmation under a new id, and data stays', async () => {
    const { browser, clock } = setup();
    await browser.visit(({ login, session }) => {
      login.loginUser(ANN);
      session.set('cart', ['a']);
    });
    const fresh = () => browser.visit(({ login }) => login.isFresh({ maxAge: 300_000 }));
    expect((await fresh()).value).toBe(true);
    clock.tick('6m');
    expect((await fresh()).value).toBe(false);
    const before = browser.cookie;
    await browser.visit(({ login }) => login.confirmLogin());
    expect(browser.cookie).not.toBe(before);
    expect((await fresh()).value).toBe(true);
    await browser.visit(({ session }) => expect(session.get('cart')).toEqual(['a']));
  });

  it('is never there after loginUser with fresh: false', async () => {
    const { browser } = setup();
    await browser.visit(({ login }) => login.loginUser(BOB, { fresh: false }));
    expect((await browser.visit(({ login }) => login.isFresh())).value).toBe(false);
  });

  it('of two confirmations at the same time one is gone', async () => {
    const { browser } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    const [one, two] = [await browser.begin(), await browser.clone().begin()];
    one.login.confirmLogin();
    two.login.confirmLogin();
    await one.end();
    await expect(two.end()).rejects.toMatchObject({ code: 'SESSION_GONE' });
  });
});

describe('a second factor', () => {
  it('is a login nowhere until it came, has an id of its own, and ends after ten minutes', async () => {
    const { browser, clock, sessions } = setup();
    await browser.visit(({ session }) => session.set('a', 1));
    const before = browser.cookie;
    await browser.visit(({ login }) => expect(login.beginSecondFactor(ANN)).toBe(true));
    expect([await browser.name(), browser.cookie === before]).toEqual(['nobody', false]);
    expect(await sessions.listFor('1')).toEqual([]);
    const late = browser.clone();
    await browser.visit(async ({ login }) => {
      const pending = await login.pendingLogin();
      expect(pending).toEqual({ user: ANN, methods: ['password'] });
      login.loginUser(ANN, { methods: ['password', 'totp'] });
    });
    expect(await browser.name()).toBe('ann');
    expect((await browser.visit(({ login }) => login.pendingLogin())).value).toBeUndefined();
    expect((await late.visit(({ login }) => login.pendingLogin())).value).toBeUndefined();
    await late.visit(({ login }) => login.beginSecondFactor(ANN));
    clock.tick('11m');
    expect((await late.visit(({ login }) => login.pendingLogin())).value).toBeUndefined();
  });
});
