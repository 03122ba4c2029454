import { describe, expect, it } from 'vitest';
import { createLimiter, type LimiterOptions } from '../../src/login/index.ts';
import { type Browser, setup } from './harness.ts';

function limited(options: Omit<LimiterOptions, 'sessions'> = {}) {
  const parts = setup();
  const limiter = createLimiter({ sessions: parts.sessions, ...options });
  const attempt = async (browser: Browser, account: string, good = false, address = '192.0.2.1') => {
    const { value } = await browser.visit(
      async ({ session }) => {
        const { allowed, succeeded } = await limiter.attempt(account, session);
        if (allowed && good) await succeeded();
        return allowed;
      },
      { address },
    );
    return value;
  };
  return { ...parts, attempt };
}

const account = { failures: 3, within: '15m' } as const;

describe('attempts to log in', () => {
  it('are refused once too many have failed, and allowed again when the time is over', async () => {
    const { attempt, browser, clock } = limited({ account });
    expect([await attempt(browser, 'ann'), await attempt(browser, 'ann'), await attempt(browser, 'ann')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(await attempt(browser, 'ann', true)).toBe(false);
    expect(await attempt(browser, 'bob')).toBe(true);
    clock.tick('16m');
    expect(await attempt(browser, 'ann')).toBe(true);
  });

  it('count when they begin: a burst gets no more through than a row', async () => {
    const { attempt, newBrowser } = limited({ account });
    const allowed = await Promise.all(Array.from({ length: 20 }, () => attempt(newBrowser(), 'ann')));
    expect(allowed.filter(Boolean)).toHaveLength(3);
  });

  it('do not count where they succeed', async () => {
    const { attempt, newBrowser } = limited({ account });
    for (let n = 0; n < 10; n++) expect(await attempt(newBrowser(), 'ann', true)).toBe(true);
  });

  it('of strangers lock nobody out whose browser the account knows', async () => {
    const { attempt, browser, newBrowser } = limited({ account });
    expect(await attempt(browser, 'ann', true)).toBe(true);
    const strangers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => attempt(newBrowser(), 'ann', false, `198.51.100.${n}`)),
    );
    expect(strangers.filter(Boolean)).toHaveLength(3);
    expect(await attempt(browser, 'ann', true)).toBe(true);
    expect(await attempt(newBrowser(), 'ann', true)).toBe(false);
    const bounded = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(() => attempt(browser, 'ann'));
    expect((await Promise.all(bounded)).filter(Boolean)).toHaveLength(10);
  });

  it('of strangers at the same address lock nobody out either whose browser the account knows', async () => {
    const { attempt, browser, newBrowser } = limited({ address: { failures: 3, within: '1h' } });
    expect(await attempt(browser, 'ann', true)).toBe(true);
    for (let n = 0; n < 5; n++) await attempt(newBrowser(), `user${n}`);
    expect(await attempt(newBrowser(), 'bob')).toBe(false);
    expect(await attempt(browser, 'ann', true)).toBe(true);
  });

  it('count together however the account is spelled', async () => {
    const { attempt, newBrowser } = limited({ account });
    const spellings = ['ann', 'ANN', ' Ann ', 'a\u0301nn', '\u00c1nn', '\uff41nn', 'a\u200bnn', 'anN\0'];
    const allowed: boolean[] = [];
    for (const name of spellings) allowed.push(await attempt(newBrowser(), name));
    expect(allowed.filter(Boolean)).toHaveLength(3);
    expect(await attempt(newBrowser(), 'anna')).toBe(true);
  });

  it('from an address that has had its tries are not counted at accounts, so that it wipes out no count', async () => {
    const { attempt, newBrowser } = limited({ account, address: { failures: 5, within: '1h' } });
    for (let n = 0; n < 9; n++) await attempt(newBrowser(), 'bob', false, '192.0.2.66');
    for (let n = 0; n < 9; n++) await attempt(newBrowser(), 'ann', false, '192.0.2.66');
    expect(await attempt(newBrowser(), 'ann')).toBe(true);
  });

  it('that succeeded are taken back once, whoever says so twice', async () => {
    const { browser, sessions } = limited({ account });
    const limiter = createLimiter({ sessions, account });
    await browser.visit(async ({ session }) => {
      for (let n = 0; n < 2; n++) await limiter.attempt('ann', session);
      const { succeeded } = await limiter.attempt('ann', session);
      for (let n = 0; n < 3; n++) await succeeded();
      const left = [await limiter.attempt('ann', session), await limiter.attempt('ann', session)];
      expect(left.map(({ allowed }) => allowed)).toEqual([true, false]);
    });
  });

  it('from one address at many accounts are bounded too, IPv6 by its network', async () => {
    const { attempt, newBrowser } = limited({ address: { failures: 5, within: '1h' } });
    const tried = await Promise.all(
      Array.from({ length: 9 }, (_, n) => attempt(newBrowser(), `user${n}`, false, `2001:db8::${n + 1}`)),
    );
    expect(tried.filter(Boolean)).toHaveLength(5);
    expect(await attempt(newBrowser(), 'user', false, '2001:db8:0:1::1')).toBe(true);
  });

  it('change nothing in the store, whatever is typed, unless asked to', async () => {
    const { attempt, browser, store } = limited({ account });
    for (const name of ['ann', 'x'.repeat(1_000_000), '\0\r\n', '{"$ne":null}']) await attempt(browser, name);
    expect(store.calls).toEqual([]);
  });

  it('are counted for all processes together in the store, and names are not kept', async () => {
    const parts = setup();
    const [one, two] = [1, 2].map(() => createLimiter({ sessions: parts.sessions, account, store: true }));
    const tries = await Promise.all(
      [one, two, one, two, one].map((limiter) =>
        parts.newBrowser().visit(async ({ session }) => (await limiter?.attempt('ann', session))?.allowed),
      ),
    );
    expect(tries.filter(({ value }) => value)).toHaveLength(3);
  });

  it.each([
    { account: { failures: 0, within: '1m' } },
    { account: { failures: 3, window: '1m' } },
    { tries: 3 },
    { store: 1 },
  ])('refuse the option %j', (wrong) => {
    const { sessions } = setup();
    expect(() => createLimiter({ sessions, ...(wrong as object) })).toThrow(/failures|tries|store|window/);
  });
});
