import { describe, expect, it } from 'vitest';
import type { FaultyStore, Verb } from '../../src/testing/faulty-store.ts';
import { ANN, BOB, type Browser, setup as setupLogin } from './harness.ts';

const REMEMBER = '__Host-remember';
const SESSION = '__Host-session';

const setup = (options: Parameters<typeof setupLogin>[0] = {}) => setupLogin({ remember: {}, ...options });

/** A browser that was closed: only the cookie that remembers is left. */
function reopened(browser: Browser): Browser {
  const other = browser.clone();
  for (const name of [...other.jar.keys()]) if (name !== REMEMBER) other.jar.delete(name);
  return other;
}

const remembered = (browser: Browser) => browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));

/** A promise and what fulfils it. */
function gate() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Resolves once a call of this verb has reached the store. */
async function reached(store: FaultyStore, verb: Verb, key: (key: string | undefined) => boolean): Promise<void> {
  while (!store.calls.some((call) => call.verb === verb && key(call.key))) await new Promise(setImmediate);
}

describe('a remembered login and revocation', () => {
  it('ends with revokeAll that comes between its session and its series', async () => {
    const { browser, sessions, store } = setup();
    const { opened, open } = gate();
    const visit = await browser.begin();
    visit.login.loginUser(ANN, { remember: true });
    store.next('create', undefined, { before: opened });
    const ending = visit.end();
    await reached(store, 'create', (key) => key?.startsWith('login-epoch:') === true);
    await sessions.revokeAll('1');
    open();
    await ending;
    expect(await reopened(browser).name()).toBe('nobody');
    expect(await browser.name()).toBe('nobody');
  });

  it('is not brought back to a user of whom everything is being deleted', async () => {
    const { browser, sessions, store, clock } = setup();
    await remembered(browser);
    clock.tick('25h');
    const later = reopened(browser);
    // Between the pass over sessions and that over records.
    const { listOwned } = store;
    let listed = 0;
    store.listOwned = async (owner) => {
      const keys = (await listOwned?.call(store, owner)) ?? [];
      listed += 1;
      if (listed === 1) await later.name();
      return keys;
    };
    await sessions.forgetOwner('1');
    expect(await later.name()).toBe('nobody');
    expect(await sessions.listFor('1')).toEqual([]);
  });

  it('ends with the version of its user, also where no session is left', async () => {
    const { browser, users, clock } = setup({ sessionVersion: (user) => user.version ?? 0 });
    await remembered(browser);
    clock.tick('25h');
    users.set('1', { ...ANN, version: 1 });
    expect(await reopened(browser).name()).toBe('nobody');
    users.set('1', ANN);
    expect(await reopened(browser).name()).toBe('nobody');
  });
});

describe('logging out', () => {
  it('by the remember cookie alone ends the session that came of it too', async () => {
    const { browser, sessions } = setup();
    await remembered(browser);
    const tab = reopened(browser);
    expect(await tab.name()).toBe('ann');
    // Sent before the tab had its cookies.
    await reopened(browser).visit(({ login }) => login.logoutUser());
    expect(await tab.name()).toBe('nobody');
    expect(await sessions.listFor('1')).toEqual([]);
  });

  it('ends the session that a request made of the series meanwhile', async () => {
    const { browser, store, sessions } = setup();
    await remembered(browser);
    const tab = reopened(browser);
    const { opened, open } = gate();
    const visit = await tab.begin();
    const out = await browser.begin();
    out.login.logoutUser();
    store.next('put', { after: opened });
    const leaving = out.end();
    await reached(store, 'put', () => true);
    await visit.login.user();
    open();
    await Promise.all([leaving, visit.end()]);
    expect(await tab.name()).toBe('nobody');
    expect(await sessions.listFor('1')).toEqual([]);
  });

  it.each(['logoutUser', 'loginUser'] as const)(
    '%s while the same request looks for the user is not undone by what it finds',
    async (act) => {
      const { browser, sessions } = setup();
      await remembered(browser);
      await sessions.revokeAll('2');
      const tab = reopened(browser);
      const visit = await tab.begin();
      const looking = visit.login.user();
      if (act === 'logoutUser') visit.login.logoutUser();
      else visit.login.loginUser(BOB);
      await looking;
      await visit.end();
      expect(await tab.name()).toBe(act === 'logoutUser' ? 'nobody' : 'bob');
      expect(await reopened(browser).name()).toBe('nobody');
      expect(await sessions.listFor('1')).toEqual([]);
    },
  );

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])(
    'after %i calls of the store of the same request is not undone either',
    async (calls) => {
      const { browser, store, sessions } = setup();
      await remembered(browser);
      const tab = reopened(browser);
      const visit = await tab.begin();
      store.reset();
      const { opened, open } = gate();
      for (let n = 0; n < calls; n++) store.next('*', undefined);
      store.next('*', { before: opened });
      const looking = visit.login.user();
      let found = false;
      void looking.then(() => {
        found = true;
      });
      while (!found && store.calls.length <= calls) await new Promise(setImmediate);
      visit.login.logoutUser();
      open();
      await looking;
      await visit.end();
      expect(tab.jar.has(SESSION)).toBe(false);
      expect(await tab.name()).toBe('nobody');
      expect(await reopened(browser).name()).toBe('nobody');
      expect((await sessions.listFor('1')).length).toBe(0);
    },
  );
});

describe('one series', () => {
  it('has one living session: that before it ends when another is made', async () => {
    const { browser, sessions } = setup();
    await remembered(browser);
    const first = browser.clone();
    first.jar.delete(REMEMBER);
    const later = reopened(browser);
    expect(await later.name()).toBe('ann');
    expect(await first.name()).toBe('nobody');
    expect(await sessions.listFor('1')).toHaveLength(1);
    expect(await reopened(later).name()).toBe('ann');
  });

  it('ends at theft with the session that came of it, whatever id that has by now', async () => {
    const { browser, clock, sessions } = setup();
    await remembered(browser);
    const thief = reopened(browser);
    const owner = reopened(browser);
    expect(await owner.name()).toBe('ann');
    await owner.visit(({ session }) => session.regenerate({ keep: true }));
    clock.tick('21s');
    expect(await thief.name()).toBe('nobody');
    expect(await owner.name()).toBe('nobody');
    expect(await sessions.listFor('1')).toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('ends at theft for good, although the store failed at call %i once', async (nth) => {
    const { browser, clock, store, sessions, heard } = setup();
    await remembered(browser);
    const thief = reopened(browser);
    const owner = reopened(browser);
    expect(await owner.name()).toBe('ann');
    clock.tick('21s');
    store.reset();
    for (let n = 1; n < nth; n++) store.next('*', undefined);
    store.next('*', 'break');
    await thief.name().catch(() => undefined);
    store.reset();
    await thief.name();
    expect(await sessions.listFor('1')).toEqual([]);
    expect(await reopened(owner).name()).toBe('nobody');
    expect(heard('reused').length).toBeGreaterThan(0);
  });
});

describe('a browser that asks again', () => {
  const faults = ['fail', 'break', 'lose-request', 'lose-answer', 'hang', 'hang-after'] as const;
  const cases = faults.flatMap((fault) => [1, 2, 3, 4, 5, 6, 7, 8].map((nth) => [fault, nth] as const));

  it.each(cases)(
    'within the grace is no thief, whatever became of its first request: %s at call %i',
    async (fault, nth) => {
      const { browser, store, heard, sessions, clock } = setup({ settings: { deadline: '60ms' } });
      await remembered(browser);
      const tab = reopened(browser);
      const again = tab.clone();
      store.reset();
      for (let n = 1; n < nth; n++) store.next('*', undefined);
      store.next('*', fault);
      await tab.name().catch(() => undefined);
      store.reset();
      clock.tick('5s');
      expect(await again.name()).toBe('ann');
      expect(heard('reused')).toEqual([]);
      // And goes on from there.
      clock.tick('2m');
      expect(await again.name()).toBe('ann');
      expect(await reopened(again).name()).toBe('ann');
      expect(heard('reused')).toEqual([]);
      expect((await sessions.listFor('1')).length).toBeLessThanOrEqual(2);
    },
  );

  it('at the last moment of the grace is led on, and a millisecond later is not', async () => {
    for (const [ms, name] of [
      [19_999, 'ann'],
      [20_000, 'nobody'],
    ] as const) {
      const { browser, clock } = setup();
      await remembered(browser);
      const [tab, other] = [reopened(browser), reopened(browser)];
      await tab.name();
      clock.tick({ ms });
      expect([ms, await other.name()]).toEqual([ms, name]);
    }
  });
});

describe('a slow answer', () => {
  it('to a ticket that was replaced makes no session of the series, and says nothing of cookies', async () => {
    const { browser, store } = setup();
    await remembered(browser);
    const slow = browser.clone();
    await browser.visit(({ login }) => login.confirmLogin());
    store.reset();
    const { setCookie, value } = await slow.visit(({ login }) => login.user());
    expect(['name' in value, setCookie]).toEqual([false, []]);
    expect((await browser.visit(({ login }) => login.user().then(() => login.isFresh()))).value).toBe(true);
  });

  it('takes no remember cookie from a login beside it', async () => {
    const { browser, sessions } = setup();
    await remembered(browser);
    const slow = reopened(browser);
    await browser.visit(({ login }) => login.logoutUser());
    expect((await slow.visit(({ login }) => login.user())).setCookie).toEqual([]);
    await remembered(browser);
    const old = reopened(browser);
    await sessions.revokeAll('1');
    expect((await old.visit(({ login }) => login.user())).setCookie).toEqual([]);
  });

  it('of a restored session that was logged out meanwhile carries no cookie of any kind', async () => {
    const { browser } = setup();
    await remembered(browser);
    const [one, two] = [reopened(browser), reopened(browser)];
    const visit = await one.begin();
    await visit.login.user();
    visit.session.set('a', 1);
    await two.name();
    await two.visit(({ login }) => login.logoutUser());
    expect((await visit.end()).setCookie).toEqual([]);
  });

  it('of a login that failed leaves the remember cookie alone', async () => {
    const { browser, store, sessions, login } = setup();
    await remembered(browser);
    const { session } = await browser.begin();
    login.of(session).loginUser(BOB);
    store.always('create', 'break');
    const { setCookie, error } = await sessions.commit(session, { status: 200 });
    expect([setCookie, error]).toMatchObject([[], { status: 503 }]);
    store.reset();
    expect(await browser.name()).toBe('ann');
  });
});

describe('a store that failed to read the session', () => {
  it('brings nobody back by the remember cookie, where visitors are anonymous then', async () => {
    const { browser, store, sessions } = setup({ settings: { onStoreError: 'anonymous' } });
    await remembered(browser);
    const before = browser.cookie;
    store.next('read', 'break');
    const { value } = await browser.visit(({ login }) => login.user().then(() => login.isAuthenticated));
    expect([value, browser.cookie]).toEqual([false, before]);
    expect(await sessions.listFor('1')).toHaveLength(1);
  });
});
