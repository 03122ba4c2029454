import { channel } from 'node:diagnostics_channel';
import { expect, test } from 'vitest';
import { SESSION_EVENT_TYPES } from '../../src/events.ts';
import { newId } from '../../src/keys/ids.ts';
import { setup, ticketOf } from './harness.ts';

/** For each type of event, what makes it happen. */
const scenes: Record<(typeof SESSION_EVENT_TYPES)[number], (house: ReturnType<typeof setup>) => Promise<unknown>> = {
  created: async () => undefined,
  committed: async () => undefined,
  loaded: ({ browser }) => browser.read((session) => session.a),
  async conflict({ browser }) {
    const slow = await browser.begin();
    slow.session.b = 1;
    await browser.clone().visit((session) => session.set('c', 1));
    await slow.end();
  },
  async overwritten({ browser }) {
    const slow = await browser.begin();
    slow.session.a = 2;
    await browser.clone().visit((session) => session.set('a', 3));
    await slow.end();
  },
  async gone({ browser }) {
    const slow = await browser.begin();
    slow.session.a = 2;
    await browser.clone().visit((session) => session.destroy());
    await slow.end();
  },
  rejected: ({ newBrowser }) => newBrowser(`__Host-session=${newId()}`).read((session) => session.a),
  async expired({ browser, clock }) {
    clock.tick('2h');
    await browser.read((session) => session.a);
  },
  rotated: ({ browser }) => browser.visit((session) => session.regenerate({ keep: true })),
  destroyed: ({ browser }) => browser.visit((session) => session.destroy()),
  async abandoned({ browser, sessions }) {
    const { session } = await browser.begin();
    session.a = 2;
    await sessions.abandon?.(session);
  },
  async lost({ browser, sessions, store }) {
    const visit = await browser.begin();
    visit.session.a = 2;
    await visit.end();
    sessions.sent?.(visit.session, true);
    visit.session.a = 3;
    store.always('update', 'break');
    await sessions.finish?.(visit.session)?.catch(() => undefined);
  },
  async clock({ browser, clock }) {
    clock.set(clock.now() - 30_000);
    await browser.read((session) => session.a);
  },
  async 'store-error'({ browser, store }) {
    store.always('read', 'break');
    await browser.visit(() => undefined);
  },
};

test.each(SESSION_EVENT_TYPES)(
  'event %s is fired, at the injected time, with a handle where there is a record',
  async (type) => {
    const house = setup();
    const published: unknown[] = [];
    const listen = (event: unknown) => published.push(event);
    channel(`coatcheck:${type}`).subscribe(listen);
    await house.browser.visit((session) => session.set('a', 1));
    const id = ticketOf(house.browser.cookie);
    await scenes[type](house);
    channel(`coatcheck:${type}`).unsubscribe(listen);
    const heard = house.heard(type);
    expect(heard.length).toBeGreaterThan(0);
    expect(published).toEqual(heard);
    for (const event of heard) {
      expect(event.at).toBe(house.clock.now());
      if (type !== 'rejected' && type !== 'store-error') expect(event.handle).toMatch(/^[\w-]{22}$/);
      expect(JSON.stringify(event)).not.toContain(id);
    }
  },
);

test('an ending that was asked for is carried out although the connection closed; the rest is dropped and told', async () => {
  const { browser, sessions, heard } = setup();
  await browser.visit((session) => session.set('a', 1));
  const copy = browser.clone();
  const { session } = await browser.begin();
  await session.destroy();
  session.b = 1;
  await sessions.abandon?.(session);
  expect(heard('abandoned').map(({ keys }) => keys)).toEqual([['b']]);
  expect(await copy.read((other) => other.keys())).toEqual([]);
});

test('a listener that throws breaks nothing', async () => {
  const { browser } = setup({
    onEvent: () => {
      throw new Error('listener');
    },
  });
  expect((await browser.visit((session) => session.set('a', 1))).error).toBeUndefined();
  expect(await browser.read((session) => session.a)).toBe(1);
  expect((await browser.visit((session) => session.destroy())).error).toBeUndefined();
});

test('writes after the end throw SESSION_CLOSED, and after the head those that need a cookie', async () => {
  const { browser, sessions } = setup();
  await browser.visit((session) => session.set('a', 1));
  const visit = await browser.begin();
  visit.session.a = 2;
  await visit.end();
  sessions.sent?.(visit.session, true);
  await expect(visit.session.regenerate()).rejects.toMatchObject({ code: 'SESSION_HEADERS_SENT' });
  visit.session.a = 3;
  await sessions.finish?.(visit.session);
  sessions.ended?.(visit.session);
  expect(() => visit.session.set('a', 4)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  expect(await browser.read((session) => session.a)).toBe(3);
});
