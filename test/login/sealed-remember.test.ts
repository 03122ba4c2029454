import { describe, expect, it } from 'vitest';
import { createCookieSessions } from '../../src/index.ts';
import { createLogin } from '../../src/login/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { OLD_SECRET, SECRET } from '../interface/harness.ts';
import { ANN, BOB, Browser, type Data, people, type User } from './harness.ts';

function setup(revocation: 'none' | 'denylist' | 'epoch') {
  const clock = fakeClock();
  const users = people();
  const store = faultyStore(memoryStore());
  const sealed = { secret: SECRET, clock };
  const sessions = createCookieSessions<Data>(
    revocation === 'none'
      ? { ...sealed, revocation }
      : { ...sealed, revocation, store, sweep: false, ownerOf: () => undefined },
  );
  const login = createLogin<User>({
    sessions,
    userLoader: async (id) => users.get(id),
    remember: { secret: OLD_SECRET },
  });
  const browser = new Browser(sessions, login);
  return { sessions, clock, browser, store };
}

const remembered = (browser: Browser, user = ANN) =>
  browser.visit(({ login }) => login.loginUser(user, { remember: true }));

/** A browser with its remember cookie only. */
function reopened(browser: Browser): Browser {
  const other = browser.clone();
  other.jar.delete('__Host-session');
  return other;
}

describe.each(['denylist', 'epoch'] as const)('a sealed remember cookie, revocation %s', (revocation) => {
  it('ends with the logout, also where only it was shown, or the browser has gone away', async () => {
    for (const how of ['whole', 'only', 'gone'] as const) {
      const { browser, sessions, clock } = setup(revocation);
      await remembered(browser);
      const copy = reopened(browser);
      clock.tick('1s');
      const out = await (how === 'only' ? reopened(browser) : browser).begin();
      out.login.logoutUser();
      if (how === 'gone') await sessions.abandon?.(out.session);
      else await out.end();
      clock.tick('2m');
      expect([how, await copy.name()]).toEqual([how, 'nobody']);
    }
  });

  it('ends when somebody else logs in with the same browser', async () => {
    const { browser, clock } = setup(revocation);
    await remembered(browser);
    const copy = reopened(browser);
    clock.tick('1s');
    await remembered(browser, BOB);
    clock.tick('2m');
    expect([await copy.name(), await reopened(browser).name()]).toEqual(['nobody', 'bob']);
  });

  it('is replaced by the next login of the same user', async () => {
    const { browser, clock } = setup(revocation);
    await remembered(browser);
    clock.tick('1s');
    await remembered(browser);
    expect([await browser.name(), await reopened(browser).name()]).toEqual(['ann', 'ann']);
  });

  it('brings nobody back where the store does not say that it counts', async () => {
    const { browser, store } = setup(revocation);
    await remembered(browser);
    store.always('read', 'break');
    await expect(reopened(browser).name()).rejects.toMatchObject({ status: 503 });
  });

  it('brings nobody back to a ticket that was ended a moment ago', async () => {
    const { browser, clock, sessions } = setup(revocation);
    await remembered(browser);
    clock.tick('1s');
    const slow = browser.clone();
    await browser.visit(({ session }) => session.destroy());
    const { setCookie } = await slow.visit(({ login }) => login.user());
    expect(setCookie).toEqual([]);
    await sessions.close();
  });
});

it('a sealed remember cookie ends with revokeAll', async () => {
  const { browser, clock, sessions } = setup('epoch');
  await remembered(browser);
  clock.tick('1s');
  await sessions.revokeAll(ANN.id);
  clock.tick('2m');
  expect(await reopened(browser).name()).toBe('nobody');
});

it.each(['logoutUser', 'loginUser'] as const)(
  'a sealed remember cookie does not undo %s in the request that looks for its user',
  async (act) => {
    const { browser } = setup('none');
    await remembered(browser);
    const tab = reopened(browser);
    await tab.visit(async ({ login }) => {
      const looking = login.user();
      if (act === 'logoutUser') login.logoutUser();
      else login.loginUser(BOB);
      await looking;
    });
    expect(await tab.name()).toBe(act === 'logoutUser' ? 'nobody' : 'bob');
  },
);
