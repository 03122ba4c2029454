import { describe, expect, it } from 'vitest';
import { dump } from '../interface/harness.ts';
import { ANN, BOB, type Browser, setup } from './harness.ts';

const REMEMBER = '__Host-remember';

/** A browser that was closed: only the cookie that remembers is left. */
function reopened(browser: Browser): Browser {
  const other = browser.clone();
  for (const name of [...other.jar.keys()]) if (name !== REMEMBER) other.jar.delete(name);
  return other;
}

describe('remember me', () => {
  it('brings a user back who is known and not fresh, and replaces the secret', async () => {
    const { browser, heard } = setup({ remember: {} });
    const { setCookie } = await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    expect(setCookie.find((line) => line.startsWith(REMEMBER))).toMatch(/SameSite=Strict/);
    const later = reopened(browser);
    const before = later.jar.get(REMEMBER);
    expect(await later.name()).toBe('ann');
    expect(later.jar.get(REMEMBER)).not.toBe(before);
    expect((await later.visit(({ login }) => [login.isFresh(), login.isRemembered])).value).toEqual([false, true]);
    expect(heard('loaded-from-cookie')).toHaveLength(1);
  });

  it('makes one session and one successor of twenty requests after a restart', async () => {
    const { browser, sessions } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    await sessions.revokeAll('nobody');
    const before = await sessions.listFor('1');
    const tabs = await Promise.all(Array.from({ length: 20 }, () => reopened(browser)));
    expect(new Set(await Promise.all(tabs.map((tab) => tab.name())))).toEqual(new Set(['ann']));
    expect(new Set(tabs.map((tab) => tab.cookie)).size).toBe(1);
    // In the place of the one whose ticket is lost.
    expect(await sessions.listFor('1')).toHaveLength(before.length);
  });

  it('ends the family when a replaced cookie is shown after the grace', async () => {
    const { browser, clock, heard } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const thief = reopened(browser);
    const owner = reopened(browser);
    expect(await owner.name()).toBe('ann');
    clock.tick('21s');
    expect(await thief.name()).toBe('nobody');
    expect(heard('reused')).toMatchObject([{ user: '1' }]);
    expect(await owner.name()).toBe('nobody');
    expect(await reopened(owner).name()).toBe('nobody');
  });

  it('ends with its session at logout, and by the cookie alone', async () => {
    const { browser, sessions, base } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const copy = reopened(browser);
    const { setCookie } = await browser.visit(({ login }) => login.logoutUser());
    expect(setCookie).toHaveLength(2);
    expect(browser.jar.size).toBe(0);
    expect(await copy.name()).toBe('nobody');
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const only = reopened(browser);
    const again = reopened(browser);
    await only.visit(({ login }) => login.logoutUser());
    expect(await again.name()).toBe('nobody');
    expect((await dump(base)).filter(({ key }) => key.startsWith('remember:'))).toEqual([]);
    expect(sessions).toBeDefined();
  });

  it('ends with revokeAll, also where no session is left, and stays with the session that stays', async () => {
    const { browser, newBrowser, sessions, clock } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const dormant = reopened(browser);
    clock.tick('25h');
    const other = newBrowser();
    await other.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    await other.visit(({ session }) => sessions.revokeAll('1', { except: session }));
    expect(await dormant.name()).toBe('nobody');
    expect(await reopened(other).name()).toBe('ann');
  });

  it('keeps its end, whatever it is used for', async () => {
    const { browser, clock } = setup({ remember: { duration: '2d' } });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    clock.tick('47h');
    const used = reopened(browser);
    expect(await used.name()).toBe('ann');
    clock.tick('2h');
    expect(await reopened(used).name()).toBe('nobody');
  });

  it('lasts as long as the login said, and not as createLogin says', async () => {
    const { browser, clock } = setup({ remember: { duration: '2d' } });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true, duration: '9d' }));
    clock.tick('8d');
    const later = reopened(browser);
    expect(await later.name()).toBe('ann');
    clock.tick('2d');
    expect(await reopened(later).name()).toBe('nobody');
  });

  it('takes the user from the record: halves of two cookies bring nobody', async () => {
    const { browser, newBrowser } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const bob = newBrowser();
    await bob.visit(({ login }) => login.loginUser(BOB, { remember: true }));
    const [series] = browser.jar.get(REMEMBER)?.split('.') ?? [];
    const [, secret] = bob.jar.get(REMEMBER)?.split('.') ?? [];
    const mixed = newBrowser();
    mixed.jar.set(REMEMBER, `${series}.${secret}`);
    expect(await mixed.name()).toBe('nobody');
  });

  it('stores neither the cookie nor its halves', async () => {
    const { browser, base } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const shown = reopened(browser);
    await shown.name();
    const held = JSON.stringify(await dump(base));
    for (const value of [browser, shown].flatMap(({ jar }) => jar.get(REMEMBER)?.split('.') ?? [])) {
      expect(held).not.toContain(value);
    }
  });

  it('lays what the request did before over the session it goes on with', async () => {
    const { browser } = setup({ remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const later = reopened(browser);
    await later.visit(async ({ session, login }) => {
      session.set('early', 1);
      await login.user();
      session.set('late', 2);
    });
    await later.visit(({ session }) => expect(session.toJSON()).toEqual({ early: 1, late: 2 }));
  });
});
