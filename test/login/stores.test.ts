import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createLimiter, createUserData } from '../../src/login/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { ANN, BOB, type Browser, setup } from './harness.ts';

/** A store that keeps no lists of owners, as memcached. */
function ownerless(): Store {
  const { listOwned: _, forget: __, ...store } = verbsOf(memoryStore());
  return { ...store, capabilities: { ...store.capabilities, owners: false } };
}

function verbsOf(store: Store): Store {
  return {
    capabilities: store.capabilities,
    read: (key) => store.read(key).then((record) => record && { ...record, owner: undefined }),
    create: (key, document, expiresAt) => store.create(key, document, expiresAt),
    update: (...given) => store.update(...given),
    touch: (...given) => store.touch(...given),
    destroy: (key) => store.destroy(key),
    put: (key, document, expiresAt) => store.put(key, document, expiresAt),
  };
}

const only = (browser: Browser, name: string): Browser => {
  const other = browser.clone();
  for (const known of [...other.jar.keys()]) if (known !== name) other.jar.delete(known);
  return other;
};

describe('on a store without owners', () => {
  it('login, remember me, theft and logout work, and what needs owners says so', async () => {
    const { browser, sessions, clock, heard } = setup({ base: ownerless(), remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    expect(await browser.name()).toBe('ann');
    await expect(sessions.listFor('1')).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
    const [one, two, thief] = [1, 2, 3].map(() => only(browser, '__Host-remember'));
    expect([await one?.name(), await two?.name()]).toEqual(['ann', 'ann']);
    expect(two?.cookie).toBe(one?.cookie);
    clock.tick('21s');
    expect(await thief?.name()).toBe('nobody');
    expect(heard('reused')).toHaveLength(1);
    expect([await one?.name(), await two?.name()]).toEqual(['nobody', 'nobody']);
    await browser.visit(({ login }) => login.loginUser(BOB, { remember: true }));
    const copy = browser.clone();
    await browser.visit(({ login }) => login.logoutUser());
    expect([await copy.name(), await only(copy, '__Host-remember').name()]).toEqual(['nobody', 'nobody']);
  });

  it('revokeAll ends what would bring its user back, and says that it cannot end the rest', async () => {
    const { browser, sessions } = setup({ base: ownerless(), remember: {} });
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    await expect(sessions.revokeAll('1')).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
    expect(await only(browser, '__Host-remember').name()).toBe('nobody');
  });
});

it('nothing that login hands out prints a cookie, a secret or an id', async () => {
  const { browser, login, sessions } = setup({ remember: {}, protection: 'basic' });
  const limiter = createLimiter({ sessions });
  const userData = createUserData({ sessions });
  const printed: string[] = [];
  const print = async (restoring: Browser) => {
    await restoring.visit(async ({ login: visitor, session }) => {
      await visitor.user();
      const attempt = await limiter.attempt('ann', session);
      const data = await userData(ANN, session);
      data.set('theme', 'dark');
      for (const held of [login, visitor, session, attempt, data, limiter, userData, sessions]) {
        printed.push(inspect(held, { depth: 12, showHidden: true }));
      }
    });
  };
  await browser.visit(({ login: visitor }) => visitor.loginUser(ANN, { remember: true }));
  const later = only(browser, '__Host-remember');
  await print(browser);
  await print(later);
  const text = printed.join('\n');
  for (const value of [browser, later].flatMap(({ jar }) => [...jar.values()].flatMap((one) => one.split('.')))) {
    expect(text).not.toContain(value);
  }
});
