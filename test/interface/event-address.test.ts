import { afterEach, expect, test, vi } from 'vitest';
import type { SessionEvent } from '../../src/events.ts';
import { createSessions } from '../../src/index.ts';
import { Browser } from '../support/visit.ts';
import { sealedSetup, setup } from './harness.ts';

const HERE = { address: '::FFFF:198.51.100.7' };
const NORMAL = '198.51.100.7';

afterEach(() => vi.restoreAllMocks());

test('R105: every event of a request says who sent it, in one spelling', async () => {
  const { browser, clock, events, store, newBrowser } = setup();
  await browser.visit((session) => session.set('n', 1), HERE);
  const slow = await browser.clone().begin(HERE);
  slow.session.set('a', 1);
  const slower = await browser.clone().begin(HERE);
  slower.session.set('b', 1);
  await browser.visit((session) => session.set('b', 2), HERE);
  await slow.end();
  await browser.visit((session) => session.set('user', 'ann'), HERE);
  await slower.end();
  await browser.visit((session) => session.destroy(), HERE);
  await newBrowser('__Host-session=x').visit(() => undefined, HERE);
  await newBrowser('__Host-session=wL2bYtUv5Bz0uVzPjZkz0Wq1xqRrQqVvF1Wn0Y3m4oA').visit(() => undefined, HERE);
  await browser.visit((session) => session.set('n', 1), HERE);
  store.next('read', 'fail');
  await browser.visit((session) => session.get('n'), HERE);
  clock.tick('2h');
  await browser.visit(() => undefined, HERE);
  const seen = new Set(events.map(({ type }) => type));
  for (const type of ['created', 'loaded', 'committed', 'conflict', 'gone', 'rejected', 'expired', 'rotated']) {
    expect(seen, type).toContain(type);
  }
  expect(seen).toContain('destroyed');
  expect(seen).toContain('store-error');
  expect(events.filter(({ address }) => address !== NORMAL)).toEqual([]);
});

test('of sealed sessions too', async () => {
  const { browser, clock, events } = sealedSetup();
  await browser.visit((session) => session.set('n', 1), HERE);
  await browser.visit((session) => session.set('user', 'ann'), HERE);
  const copy = browser.clone();
  await browser.visit((session) => session.destroy(), HERE);
  clock.tick('2h');
  await copy.visit(() => undefined, HERE);
  const types = [...new Set(events.map(({ type }) => type))];
  expect(types.sort()).toEqual(['committed', 'created', 'destroyed', 'expired', 'loaded', 'rotated']);
  expect(events.filter(({ address }) => address !== NORMAL)).toEqual([]);
});

test('what a header holds besides an address never gets into an event', async () => {
  const { browser, events } = setup({ trustProxy: 3 });
  for (const list of ['x\r\nevent: forged', '1.1.1.1\r\n', 'unknown', '<script>', `${'9'.repeat(5000)}`]) {
    const header = (name: string) => (name === 'x-forwarded-for' ? list : undefined);
    await browser.visit((session) => session.set('n', list), { address: 'a\nb', header });
  }
  expect(new Set(events.map(({ address }) => address))).toEqual(new Set([undefined, '1.1.1.1']));
});

test('nobody is asked for an address where nobody listens', async () => {
  const asked = vi.fn(() => '127.0.0.1');
  const over = {
    get address() {
      return asked();
    },
    get secure() {
      return asked() === '';
    },
  };
  const sessions = createSessions({ cookie: { secure: false } });
  const request = (cookie?: string) =>
    Object.defineProperties(
      { method: 'GET', path: '/', cookie, header: () => undefined },
      Object.getOwnPropertyDescriptors(over),
    ) as never;
  const opened = await sessions.open(request());
  if (opened === undefined) throw new Error('a null session');
  opened.set('n', 1);
  const { setCookie } = await sessions.commit(opened, { status: 200 });
  const again = await sessions.open(request(setCookie[0]?.split(';')[0]));
  expect(again?.get('n')).toBe(1);
  expect(asked).not.toHaveBeenCalled();
});

test('a listener that throws at the address breaks nothing', async () => {
  const events: SessionEvent[] = [];
  const browser = new Browser(
    createSessions({
      onEvent: (event) => {
        events.push(event);
        throw new Error(event.address);
      },
    }),
  );
  const { setCookie, error } = await browser.visit((session) => session.set('n', 1), HERE);
  expect([setCookie.length, error, events.length]).toEqual([1, undefined, 2]);
});

test('a Secure cookie behind a trusted proxy that says https is no reason for a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
  const told = () => warn.mock.calls.filter(([, options]) => (options as any)?.code === 'COATCHECK_SECURE_OVER_HTTP');
  const header = (name: string) => (name === 'x-forwarded-proto' ? 'https' : undefined);
  const over = { secure: false, header };
  await setup({ trustProxy: 1 }).browser.visit((session) => session.set('n', 1), over);
  await setup({ publicOrigin: 'https://app.example' }).browser.visit((session) => session.set('n', 1), over);
  expect(told()).toEqual([]);
  await setup().browser.visit((session) => session.set('n', 1), over);
  expect(told()).toHaveLength(1);
});
