import { describe, expect, it } from 'vitest';
import type { Fault } from '../../src/testing/faulty-store.ts';
import { ANN, BOB, type Browser, setup } from './harness.ts';

const FAULTS = ['fail', 'break', 'lose-request', 'lose-answer', 'hang', 'hang-after', 'twice'] as const;

const cases = FAULTS.flatMap((fault) => Array.from({ length: 10 }, (_, at) => [fault, at + 1] as const));

function house() {
  const parts = setup({ remember: {}, settings: { deadline: '40ms' } });
  const { store } = parts;
  /** Runs with one call that goes wrong; whether it was answered without an error. */
  const withFault = async (fault: Fault, nth: number, run: () => Promise<unknown>): Promise<boolean> => {
    store.reset();
    for (let n = 1; n < nth; n++) store.next('*', undefined);
    store.next('*', fault);
    const answered = await run().then(
      () => true,
      () => false,
    );
    store.reset();
    return answered;
  };
  return { ...parts, withFault };
}

/** What others could do with a copy of each cookie. */
async function names(browser: Browser): Promise<Set<string>> {
  const found = new Set<string>();
  for (const name of ['__Host-session', '__Host-remember']) {
    const thief = browser.clone();
    for (const known of [...thief.jar.keys()]) if (known !== name) thief.jar.delete(known);
    found.add(await thief.name());
  }
  return found;
}

describe.each(cases)('where the store goes wrong (%s) at call %i', (fault, nth) => {
  it('a logout that was answered is one, and one that was not is when it is asked for again', async () => {
    const { browser, withFault, sessions } = house();
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const copy = browser.clone();
    const again = browser.clone();
    const answered = await withFault(fault, nth, () => browser.visit(({ login }) => login.logoutUser()));
    if (!answered) await again.visit(({ login }) => login.logoutUser());
    expect(await names(copy)).toEqual(new Set(['nobody']));
    expect(await sessions.listFor('1')).toEqual([]);
  });

  it('a revocation that was answered is one, and one that was not is when it is asked for again', async () => {
    const { browser, newBrowser, withFault, sessions } = house();
    const browsers = [browser, newBrowser()];
    for (const one of browsers) await one.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const answered = await withFault(fault, nth, () => sessions.revokeAll('1'));
    if (!answered) await sessions.revokeAll('1');
    for (const one of browsers) expect(await names(one)).toEqual(new Set(['nobody']));
  });

  it('one session that is revoked is over, its cookies too', async () => {
    const { browser, withFault, sessions } = house();
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const [one] = await sessions.listFor('1');
    const answered = await withFault(fault, nth, () => sessions.revoke('1', one?.handle ?? ''));
    if (!answered) await sessions.revoke('1', one?.handle ?? '');
    expect(await names(browser)).toEqual(new Set(['nobody']));
  });

  it('a login that was answered is one, and leaves nothing of the one before', async () => {
    const { browser, withFault } = house();
    await browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));
    const before = browser.clone();
    const answered = await withFault(fault, nth, () =>
      browser.visit(({ login }) => login.loginUser(BOB, { remember: true })),
    );
    if (!answered) return;
    expect(await names(browser)).toEqual(new Set(['bob']));
    expect(await names(before)).toEqual(new Set(['nobody']));
  });
});
