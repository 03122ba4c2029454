import { describe, expect, it } from 'vitest';
import type { HeaderChanges } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { ANN, BOB, type Browser, setup } from './harness.ts';

/** As many store calls as any request here makes. */
const CALLS = Array.from({ length: 16 }, (_, at) => at);

const REMEMBER = '__Host-remember';

function reopened(browser: Browser): Browser {
  const other = browser.clone();
  for (const name of [...other.jar.keys()]) if (name !== REMEMBER) other.jar.delete(name);
  return other;
}

/** Two processes on one store, so that nothing but the store puts their requests in a row. */
function house() {
  const base = memoryStore();
  const parts = setup({ remember: {}, base });
  const second = setup({ remember: {}, base });
  const { store } = parts;
  /** The same browser, whose next request comes to the other process. */
  const across = (browser: Browser): Browser => {
    const other = second.newBrowser();
    for (const [name, value] of browser.jar) other.jar.set(name, value);
    return other;
  };
  /** One request waits before its call number `at`, another runs from its beginning to its end, and the first goes on. */
  const between = async (at: number, one: () => Promise<unknown>, two: () => Promise<unknown>): Promise<void> => {
    store.reset();
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    for (let n = 0; n < at; n++) store.next('*', undefined);
    store.next('*', { before: opened });
    let done = false;
    const first = one().finally(() => {
      done = true;
    });
    first.catch(() => undefined);
    while (!done && store.calls.length <= at) await new Promise(setImmediate);
    if (done) store.reset();
    await two().catch(() => undefined);
    open();
    await first.catch(() => undefined);
    store.reset();
  };
  return { ...parts, across, between, second };
}

/** Everybody who could still be somebody: with each cookie alone, and with both. */
async function names(...browsers: readonly Browser[]): Promise<string[]> {
  const found: string[] = [];
  for (const browser of browsers) {
    for (const name of [...browser.jar.keys()]) {
      const thief = browser.clone();
      for (const known of [...thief.jar.keys()]) if (known !== name) thief.jar.delete(known);
      found.push(await thief.name());
    }
  }
  return found;
}

const acts: Record<string, (browser: Browser) => Promise<HeaderChanges>> = {
  'a confirmation': (browser) => browser.visit(({ login }) => login.confirmLogin()),
  'a new id': (browser) => browser.visit(({ session }) => session.regenerate({ keep: true })),
  'a change': (browser) => browser.visit(({ session }) => session.set('a', 1)),
  'a page by the remember cookie': (browser) => {
    for (const name of [...browser.jar.keys()]) if (name !== REMEMBER) browser.jar.delete(name);
    return browser.visit(({ login }) => login.user());
  },
};

describe.each(Object.entries(acts))('of a logout and %s', (_name, act) => {
  it.each(CALLS)('nothing lives on, whichever waits before its call %i', async (at) => {
    for (const first of ['logout', 'logout by the remember cookie', 'other'] as const) {
      const { browser, across, between, sessions } = house();
      await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
      const before = browser.clone();
      const [leaving, other] = first === 'other' ? [across(browser), browser] : [browser, across(browser)];
      if (first === 'logout by the remember cookie') leaving.jar.delete('__Host-session');
      const leave = () => leaving.visit(({ login }) => login.logoutUser());
      const go = () => act(other);
      await (first === 'other' ? between(at, go, leave) : between(at, leave, go));
      expect([first, await names(leaving, other, before), await sessions.listFor('1')]).toEqual([
        first,
        expect.not.arrayContaining(['ann']),
        [],
      ]);
    }
  });
});

describe('of a login and a revocation of all', () => {
  it.each(CALLS)('the session and the remember cookie share a fate, whichever waits before its call %i', async (at) => {
    for (const first of ['login', 'revocation'] as const) {
      const { browser, across, between, sessions, second } = house();
      const entering = first === 'login' ? browser : across(browser);
      const enter = () => entering.visit(({ login }) => login.loginUser(ANN, { remember: true }));
      const revoke = () => (first === 'login' ? second : { sessions }).sessions.revokeAll('1');
      await (first === 'login' ? between(at, enter, revoke) : between(at, revoke, enter));
      expect([first, new Set(await names(entering)).size]).toEqual([first, 1]);
    }
  });
});

describe('of a login by somebody else and a page of the one before', () => {
  it.each(CALLS)('nobody but the new one is left in the browser, whichever waits before its call %i', async (at) => {
    for (const [what, act] of Object.entries(acts)) {
      for (const first of ['login', 'page'] as const) {
        const { browser, across, between } = house();
        await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
        const old = reopened(browser);
        const [entering, page] = first === 'login' ? [browser, across(browser)] : [across(browser), browser];
        const enter = () => entering.visit(({ login }) => login.loginUser(BOB, { remember: true }));
        const go = () => act(page);
        await (first === 'login' ? between(at, enter, go) : between(at, go, enter));
        expect([what, first, await names(entering)]).toEqual([what, first, ['bob', 'bob']]);
        expect([what, first, await names(old)]).toEqual([what, first, ['nobody']]);
      }
    }
  });
});
