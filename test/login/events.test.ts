import { channel } from 'node:diagnostics_channel';
import { expect, it } from 'vitest';
import { LOGIN_EVENT_TYPES } from '../../src/events.ts';
import { ANN, type Browser, CAROL, setup } from './harness.ts';

type House = ReturnType<typeof house>;

function house() {
  return setup({
    remember: {},
    protection: 'basic',
    requestLoader: (request) => (request.header('authorization') === 'key' ? ANN : undefined),
  });
}

const header = (name: string) => (name === 'authorization' ? 'key' : undefined);
const rememberedOnly = (browser: Browser) => browser.jar.delete('__Host-session');
const remembered = (browser: Browser) => browser.visit(({ login }) => login.loginUser(ANN, { remember: true }));

/** For each type of event, what makes it happen. */
const scenes: Record<(typeof LOGIN_EVENT_TYPES)[number], (house: House) => Promise<unknown>> = {
  'logged-in': async () => undefined,
  'logged-out': ({ browser }) => browser.visit(({ login }) => login.logoutUser()),
  'login-confirmed': ({ browser }) => browser.visit(({ login }) => login.confirmLogin()),
  'login-failed': ({ browser }) => browser.visit(({ login }) => login.loginUser(CAROL)),
  async 'loaded-from-cookie'({ browser }) {
    await remembered(browser);
    rememberedOnly(browser);
    await browser.name();
  },
  'loaded-from-request': ({ newBrowser }) => newBrowser().visit(({ login }) => login.user(), { header }),
  'user-accessed': ({ browser }) => browser.name(),
  unauthorized: ({ newBrowser, login }) => newBrowser().visit(({ session }) => login.refusal(session, {}, '/')),
  'needs-refresh': ({ browser, login, clock }) => {
    clock.tick('6m');
    return browser.visit(({ session }) => login.refusal(session, { maxAge: 300_000 }, '/'));
  },
  'session-protected': ({ browser }) => browser.visit(({ login }) => login.user(), { address: '192.0.2.7' }),
  async reused({ browser, clock }) {
    await remembered(browser);
    rememberedOnly(browser);
    const thief = browser.clone();
    await browser.name();
    clock.tick('1m');
    await thief.name();
  },
};

it.each(LOGIN_EVENT_TYPES)('event %s is fired, at the injected time, and holds no ticket', async (type) => {
  const parts = house();
  const { browser, clock, heard } = parts;
  const published: unknown[] = [];
  const listen = (event: unknown) => void published.push(event);
  channel(`coatcheck:${type}`).subscribe(listen);
  await browser.visit(({ login }) => login.loginUser(ANN));
  await scenes[type](parts);
  channel(`coatcheck:${type}`).unsubscribe(listen);
  expect(heard(type).length).toBeGreaterThan(0);
  expect(published).toEqual(heard(type));
  expect(heard(type).every(({ at }) => at <= clock.now())).toBe(true);
  expect(JSON.stringify(heard(type))).not.toContain(browser.jar.get('__Host-session') ?? 'nothing');
});
