import { describe, expect, it } from 'vitest';
import { createCookieSessions, type SessionEvent } from '../../src/index.ts';
import { createLogin } from '../../src/login/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { OLD_SECRET, SECRET } from '../interface/harness.ts';
import { ANN, BOB, Browser, CAROL, type Data, people, type User } from './harness.ts';

const SESSION = '__Host-session';
const REMEMBER = '__Host-remember';

type Revocation = 'none' | 'denylist' | 'epoch';

/** Login on sessions that are wholly in their cookies. */
function setup({ revocation = 'none', duration = '30d' }: { revocation?: Revocation; duration?: string } = {}) {
  const clock = fakeClock();
  const events: SessionEvent[] = [];
  const users = people();
  const onEvent = (event: SessionEvent) => void events.push(event);
  const common = { secret: SECRET, clock, onEvent };
  const sessions = createCookieSessions<Data>(
    revocation === 'none' ? { ...common, revocation } : { ...common, revocation, store: memoryStore(), sweep: false },
  );
  const login = createLogin<User>({
    sessions,
    userLoader: (id) => users.get(id),
    sessionVersion: ({ version = 0 }) => version,
    carry: ['cart'],
    remember: { secret: OLD_SECRET, duration },
  });
  return {
    sessions,
    clock,
    users,
    heard: (type: string) => events.filter((event) => event.type === type),
    newBrowser: () => new Browser(sessions, login),
    browser: new Browser(sessions, login),
  };
}

/** A browser with one cookie of another: a thief's, or the same after a restart. */
function only(browser: Browser, name: string): Browser {
  const other = browser.clone();
  for (const known of [...other.jar.keys()]) if (known !== name) other.jar.delete(known);
  return other;
}

const isFresh = (browser: Browser) => browser.visit(({ login }) => login.isFresh());

describe.each(['none', 'denylist', 'epoch'] as const)('login with sealed sessions, revocation %s', (revocation) => {
  it('is known on the next page, with what was carried and nothing else', async () => {
    const { browser } = setup({ revocation });
    await browser.visit(({ session }) => session.assign({ cart: ['tea'], planted: 1 }));
    await browser.visit(({ login, session }) => {
      expect(login.loginUser(CAROL)).toBe(false);
      expect(login.loginUser(ANN)).toBe(true);
      session.set('after', 2);
    });
    expect(await browser.name()).toBe('ann');
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ cart: ['tea'], after: 2 }));
  });

  it('ends in this browser with the logout, and is nobody’s who is deleted or has another version', async () => {
    const { browser, users } = setup({ revocation });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    expect([...browser.jar.keys()]).toEqual([SESSION, REMEMBER]);
    const copy = only(browser, SESSION);
    const { setCookie } = await browser.visit(({ login }) => login.logoutUser());
    expect([setCookie.length, browser.jar.size, await browser.name()]).toEqual([2, 0, 'nobody']);
    // A seal cannot be taken back where nothing is remembered.
    expect(await copy.name()).toBe(revocation === 'none' ? 'ann' : 'nobody');
    await browser.visit(({ login }) => login.loginUser(BOB));
    users.delete(BOB.id);
    expect(await browser.name()).toBe('nobody');
    users.set(BOB.id, BOB);
    expect(await browser.name()).toBe('bob');
    users.set(BOB.id, { ...BOB, version: 1 });
    expect(await browser.name()).toBe('nobody');
  });

  it('is fresh again by confirmation, with all data, and under a new id', async () => {
    const { browser, clock } = setup({ revocation });
    await browser.visit(({ login, session }) => {
      login.loginUser(ANN, { fresh: false });
      session.set('a', 1);
    });
    expect((await isFresh(browser)).value).toBe(false);
    const before = browser.clone();
    const handle = async (one: Browser) => (await one.visit(({ session }) => session.handle)).value;
    const old = await handle(browser);
    clock.tick('1s');
    await browser.visit(({ login }) => login.confirmLogin());
    expect((await isFresh(browser)).value).toBe(true);
    expect(await handle(browser)).not.toBe(old);
    await browser.visit(({ session }) => expect(session.toJSON()).toEqual({ a: 1 }));
    // An epoch ends all of a user's seals or none.
    expect(await before.name()).toBe(revocation === 'denylist' ? 'nobody' : 'ann');
    expect((await isFresh(before)).value).toBe(false);
  });

  it('is nobody’s until the second factor came, in time', async () => {
    const { browser, clock } = setup({ revocation });
    await browser.visit(({ session }) => session.set('a', 1));
    await browser.visit(({ login }) => expect(login.beginSecondFactor(ANN)).toBe(true));
    expect(await browser.name()).toBe('nobody');
    const late = browser.clone();
    await browser.visit(async ({ login }) => {
      const pending = await login.pendingLogin();
      expect(pending).toEqual({ user: ANN, methods: ['password'] });
      login.loginUser(ANN, { methods: ['password', 'totp'] });
    });
    expect(await browser.name()).toBe('ann');
    clock.tick('11m');
    expect((await late.visit(({ login }) => login.pendingLogin())).value).toBeUndefined();
  });
});

describe('remember me without a store', () => {
  it('brings a user back who is known and not fresh, for good, and not for ever', async () => {
    const { browser, clock, heard } = setup({ duration: '2d' });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    clock.tick('47h');
    const later = only(browser, REMEMBER);
    expect(await later.name()).toBe('ann');
    expect(heard('loaded-from-cookie')).toHaveLength(1);
    expect((await later.visit(({ login }) => [login.isFresh(), login.isRemembered])).value).toEqual([false, true]);
    expect(await only(later, SESSION).name()).toBe('ann');
    clock.tick('2h');
    expect(await only(later, REMEMBER).name()).toBe('nobody');
  });

  it('is over with the user, the version, and where anything was changed; and then the cookie is deleted', async () => {
    const { browser, users } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const value = browser.jar.get(REMEMBER) ?? '';
    const session = browser.jar.get(SESSION) ?? '';
    for (const wrong of [
      `${value}A`,
      value.slice(1),
      value.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
      session,
      'x',
    ]) {
      const thief = only(browser, 'none');
      thief.jar.set(REMEMBER, wrong);
      expect(await thief.name()).toBe('nobody');
      expect(thief.jar.size).toBe(0);
    }
    users.set(ANN.id, { ...ANN, version: 1 });
    expect(await only(browser, REMEMBER).name()).toBe('nobody');
    users.set(ANN.id, { ...ANN, isActive: false });
    expect(await only(browser, REMEMBER).name()).toBe('nobody');
    users.set(ANN.id, ANN);
    expect(await only(browser, REMEMBER).name()).toBe('ann');
  });

  it('keeps messages that wait, and what the request does', async () => {
    const { browser } = setup();
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const later = only(browser, REMEMBER);
    await later.visit(async ({ session, login }) => {
      await login.user();
      session.set('late', 2);
    });
    await later.visit(({ session }) => expect(session.toJSON()).toEqual({ late: 2 }));
  });
});

describe('ending sealed logins on the server', () => {
  it('denylist: a copy of an ended login is dead, and every other login lives', async () => {
    const { browser, newBrowser, sessions } = setup({ revocation: 'denylist' });
    const other = newBrowser();
    for (const one of [browser, other]) await one.visit(({ login }) => login.loginUser(ANN));
    const copy = browser.clone();
    await browser.visit(({ login }) => login.logoutUser());
    expect([await copy.name(), await other.name()]).toEqual(['nobody', 'ann']);
    await expect(sessions.revokeAll(ANN.id)).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
  });

  it('epoch: a logout ends all of the user’s logins, and revokeAll does without one', async () => {
    const { browser, newBrowser, sessions, clock } = setup({ revocation: 'epoch' });
    const [other, bob] = [newBrowser(), newBrowser()];
    for (const one of [browser, other]) await one.visit(({ login }) => login.loginUser(ANN));
    await bob.visit(({ login }) => login.loginUser(BOB));
    clock.tick('1s');
    await browser.visit(({ login }) => login.logoutUser());
    expect([await other.name(), await bob.name()]).toEqual(['nobody', 'bob']);
    clock.tick('61s');
    await other.visit(({ login }) => login.loginUser(ANN));
    expect(await other.name()).toBe('ann');
    clock.tick('1s');
    await sessions.revokeAll(ANN.id);
    expect([await other.name(), await bob.name()]).toEqual(['nobody', 'bob']);
  });

  it.each(['denylist', 'epoch'] as const)(
    '%s: another user in the same browser ends what was there',
    async (revocation) => {
      const { browser, clock } = setup({ revocation });
      await browser.visit(({ login }) => login.loginUser(ANN));
      const copy = browser.clone();
      clock.tick('1s');
      await browser.visit(({ login }) => login.loginUser(BOB));
      expect([await browser.name(), await copy.name()]).toEqual(['bob', 'nobody']);
    },
  );

  it('epoch: a session of an older version ends alone', async () => {
    const { browser, newBrowser, users, clock } = setup({ revocation: 'epoch' });
    await browser.visit(({ login }) => login.loginUser(ANN));
    users.set(ANN.id, { ...ANN, version: 1 });
    clock.tick('1s');
    const other = newBrowser();
    await other.visit(({ login }) => login.loginUser({ ...ANN, version: 1 }));
    expect([await browser.name(), await other.name()]).toEqual(['nobody', 'ann']);
  });

  it('epoch: refuses who is logged in by hand while nobody says whose a session is', async () => {
    const { browser } = setup({ revocation: 'epoch' });
    await expect(browser.visit(({ session }) => session.set('user', 'ann'))).rejects.toThrow(/needs ownerOf/);
  });
});
