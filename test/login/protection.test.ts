import { describe, expect, it } from 'vitest';
import { ANN, fresh as isFresh, setup, somebody } from './harness.ts';

const HOME = { address: '192.0.2.1' };
const AWAY = { address: '198.51.100.9' };

describe('protection', () => {
  it.each(['basic', 'strong'] as const)(
    '%s leaves a visitor alone who comes from the same place',
    async (protection) => {
      const { browser, heard } = setup({ protection });
      await browser.visit(({ login }) => login.loginUser(ANN), HOME);
      const { value } = await browser.visit(async ({ login }) => [await login.user(), login.isFresh()], HOME);
      expect(value).toEqual([ANN, true]);
      expect(heard('session-protected')).toEqual([]);
    },
  );

  it('basic makes the login stale, for good, and tells it', async () => {
    const { browser, heard } = setup({ protection: 'basic' });
    await browser.visit(({ login }) => login.loginUser(ANN), HOME);
    const { value } = await browser.visit(async ({ login }) => [await login.user(), login.isFresh()], AWAY);
    expect(value).toEqual([ANN, false]);
    expect(heard('session-protected')).toMatchObject([{ user: '1', reason: 'address' }]);
    expect((await browser.visit(({ login }) => login.isFresh(), HOME)).value).toBe(false);
  });

  it('strong ends the session on both sides, and leaves the remember cookie worthless', async () => {
    const { browser } = setup({ protection: 'strong', remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }), HOME);
    const thief = browser.clone();
    expect((await thief.visit(somebody, AWAY)).value).toBe(false);
    expect((await browser.visit(somebody, HOME)).value).toBe(false);
    browser.jar.delete('__Host-session');
    expect(await browser.name()).toBe('nobody');
  });

  it('counts the browser too, and IPv6 by its network', async () => {
    const { browser } = setup({ protection: 'basic' });
    const from = (address: string, agent: string) => ({
      address,
      header: (name: string) => (name === 'user-agent' ? agent : undefined),
    });
    await browser.visit(({ login }) => login.loginUser(ANN), from('2001:db8::1', 'a'));
    const fresh = async (over: object) => (await browser.visit(isFresh, over)).value;
    expect(await fresh(from('2001:db8::ffff', 'a'))).toBe(true);
    expect(await fresh(from('2001:db8::1', 'b'))).toBe(false);
  });

  it('holds for a login that was brought back, from its second request on', async () => {
    const { browser, heard } = setup({ protection: 'strong', remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }), HOME);
    browser.jar.delete('__Host-session');
    for (let n = 0; n < 3; n++) {
      expect((await browser.visit(async ({ login }) => login.user(), AWAY)).value).toBe(ANN);
    }
    expect(heard('session-protected')).toEqual([]);
  });

  it('does nothing for visitors who are nobody, or whose address is not known', async () => {
    const { browser, newBrowser, store, heard } = setup({ protection: 'strong' });
    await newBrowser().visit(({ login }) => login.user(), AWAY);
    expect(store.calls).toEqual([]);
    await browser.visit(({ session }) => session.set('a', 1), HOME);
    await browser.visit(async ({ login, session }) => {
      await login.user();
      expect(session.get('a')).toBe(1);
    }, AWAY);
    await browser.visit(({ login }) => login.loginUser(ANN), HOME);
    expect((await browser.visit(({ login }) => login.user(), { address: undefined })).value).toBe(ANN);
    expect(heard('session-protected')).toEqual([]);
  });
});
