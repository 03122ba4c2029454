import { describe, expect, it } from 'vitest';
import { createUserData } from '../../src/login/index.ts';
import { ANN, BOB, setup } from './harness.ts';

const HOME = { address: '192.0.2.1' };
const AWAY = { address: '198.51.100.9' };

describe('a session that login ends unasked', () => {
  it('shows nothing of itself to who came from elsewhere, and gives a new session nothing', async () => {
    const { browser } = setup({ protection: 'strong' });
    await browser.visit(({ login, session }) => {
      login.loginUser(ANN);
      session.assign({ cart: ['a'], userId: '1' });
    }, HOME);
    await browser.visit(async ({ login, session }) => {
      await login.user();
      expect(session.toJSON()).toEqual({});
      session.set('mine', 1);
    }, AWAY);
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ mine: 1 }), AWAY);
  });

  it('shows nothing of itself once the user has another version', async () => {
    const { browser, users } = setup({ sessionVersion: (user) => user.version ?? 0 });
    await browser.visit(({ login, session }) => {
      login.loginUser(ANN);
      session.set('cart', ['a']);
    });
    users.set('1', { ...ANN, version: 1 });
    await browser.visit(async ({ login, session }) => {
      session.get('cart');
      await login.user();
      session.set('mine', 1);
    });
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ mine: 1 }));
  });
});

describe('a session that was ended by another request', () => {
  it('is not brought back by a confirmation that cleared it before', async () => {
    const { browser } = setup();
    await browser.visit(({ login, session }) => {
      login.loginUser(ANN);
      session.set('a', 1);
    });
    const visit = await browser.begin();
    visit.session.clear();
    visit.login.confirmLogin();
    await browser.clone().visit(({ login }) => login.logoutUser());
    await expect(visit.end()).rejects.toMatchObject({ code: 'SESSION_GONE' });
    expect(await browser.name()).toBe('nobody');
  });

  it('is not brought back by a new id from another place', async () => {
    const { browser, sessions } = setup({ protection: 'basic' });
    await browser.visit(({ login }) => login.loginUser(ANN), HOME);
    const visit = await browser.begin(AWAY);
    await visit.login.user();
    await visit.session.regenerate();
    await sessions.revokeAll('1');
    await expect(visit.end()).rejects.toMatchObject({ code: 'SESSION_GONE' });
    expect(await sessions.listFor('1')).toEqual([]);
  });
});

describe('who is there', () => {
  it('is nobody any more once the session was destroyed, or the login was taken back, in the same request', async () => {
    const { browser } = setup();
    await browser.visit(async ({ login, session }) => {
      login.loginUser(ANN);
      await session.reload();
      expect([login.isAuthenticated, 'name' in login.currentUser]).toEqual([false, false]);
      login.loginUser(ANN);
    });
    expect(await browser.name()).toBe('ann');
    await browser.visit(async ({ login, session }) => {
      expect(await login.user()).toBe(ANN);
      await session.destroy();
      expect([login.isAuthenticated, 'name' in (await login.user())]).toEqual([false, false]);
    });
  });

  it('is the last who logged in, whoever was being looked for meanwhile', async () => {
    const { browser } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    await browser.visit(async ({ login }) => {
      const looking = login.user();
      login.loginUser(BOB);
      expect([await looking, await login.user(), login.currentUser]).toEqual([BOB, BOB, BOB]);
    });
    expect(await browser.name()).toBe('bob');
  });

  it('is not fresh where it is nobody: deactivated, or of another version', async () => {
    const { browser, users } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN));
    users.set('1', { ...ANN, isActive: false });
    await browser.visit(async ({ login }) => {
      await login.user();
      expect([login.isFresh(), login.isRemembered]).toEqual([false, false]);
      expect(() => login.confirmLogin()).toThrow(expect.objectContaining({ code: 'LOGIN_REQUIRED' }));
    });
  });
});

describe('loginUser that throws', () => {
  it('leaves the session as it was', async () => {
    const { browser } = setup({
      remember: {},
      sessionVersion: (user) => {
        if (user.id === BOB.id) throw new Error('no version');
        return 1;
      },
    });
    await browser.visit(({ session }) => session.set('cart', ['a']));
    const before = browser.cookie;
    await browser.visit(({ login }) => {
      expect(() => login.loginUser(ANN, { remember: true, duration: 30 as never })).toThrow(/duration/);
      expect(() => login.loginUser(BOB)).toThrow('no version');
    });
    expect([await browser.name(), browser.cookie]).toEqual(['nobody', before]);
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ cart: ['a'] }));
  });
});

describe('logoutUser', () => {
  const only = (cookie: string | undefined) => cookie?.split('; ').find((pair) => pair.startsWith('__Host-remember'));

  it('ends what only the remember cookie shows, also where the browser has gone away before or after', async () => {
    for (const gone of ['before', 'after']) {
      const { browser, sessions } = setup({ remember: {} });
      await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
      browser.jar.delete('__Host-session');
      const visit = await browser.begin();
      if (gone === 'before') await sessions.abandon?.(visit.session);
      visit.login.logoutUser();
      if (gone === 'after') await sessions.abandon?.(visit.session);
      await sessions.close();
      expect([gone, only(browser.cookie) === undefined]).toEqual([gone, false]);
      expect([gone, await browser.name()]).toEqual([gone, 'nobody']);
    }
  });

  it.each(['before', 'after'])('keeps user data that was changed %s it', async (when) => {
    const { browser, sessions } = setup();
    const userData = createUserData<{ seen: number }>({ sessions });
    await browser.visit(({ login }) => login.loginUser(ANN));
    await browser.visit(async ({ login, session }) => {
      const data = await userData(ANN, session);
      if (when === 'before') data.seen = 1;
      login.logoutUser();
      if (when === 'after') data.seen = 1;
    });
    await browser.visit(async ({ session }) => expect((await userData(ANN, session)).seen).toBe(1));
  });

  it('takes back the remember cookie that a login of the same request asked for', async () => {
    const { browser } = setup({ remember: {} });
    const { setCookie } = await browser.visit(async ({ login, session }) => {
      login.loginUser(ANN, { remember: true });
      await session.save();
      login.logoutUser();
    });
    expect(setCookie.filter((line) => line.startsWith('__Host-remember'))).toEqual([]);
  });

  it('ends the series of a session whose record could not be read at first', async () => {
    const { browser, store } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const remembered = browser.clone();
    remembered.jar.delete('__Host-session');
    browser.jar.delete('__Host-remember');
    store.next('read', 'break');
    await browser.visit(({ session }) => session.destroy());
    expect(await remembered.name()).toBe('nobody');
  });
});
