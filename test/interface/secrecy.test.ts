import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { handleOf } from '../../src/keys/ids.ts';
import { dump, SECRET, sealedSetup, setup, ticketOf } from './harness.ts';

test('G6: nothing in a store logs anybody in: no id, and no key, version or field works as a ticket', async () => {
  const { browser, newBrowser, base, sessions } = setup({ ownerOf: (data) => data.user });
  const ids = new Set<string>();
  await browser.visit((session) => session.assign({ user: 'ann', cart: ['tea'] }));
  ids.add(ticketOf(browser.cookie));
  await browser.visit((session) => session.regenerate({ keep: true }));
  ids.add(ticketOf(browser.cookie));
  await newBrowser().visit((session) => session.set('user', 'bob'));
  await sessions.records('codes').create('ann', 1, { expiresIn: '1h' });
  const held = await dump(base);
  expect(held.length).toBeGreaterThan(2);
  expect(await browser.read((session) => session.user)).toBe('ann');
  const text = JSON.stringify(held);
  for (const id of ids) expect(text).not.toContain(id);
  const fields = held.flatMap(({ key, document }) => [key, document, handleOf(key), key.slice(0, 43)]);
  const nonces = held.flatMap(({ document }) => document.match(/[\w-]{16,}/g) ?? []);
  for (const field of [...fields, ...nonces]) {
    const stolen = newBrowser(`__Host-session=${field.replaceAll(';', '')}`);
    expect(await stolen.read((session) => session.keys())).toEqual([]);
  }
});

test('R104: events, errors, sessions and what they print hold no id, cookie, key or secret', async () => {
  const { browser, events, store, sessions, base } = setup({ tickets: 'signed', secret: SECRET });
  const told: unknown[] = [];
  await browser.visit((session) => session.set('user', 'ann'));
  const cookie = ticketOf(browser.cookie);
  const { session } = await browser.begin();
  told.push(session, session.toJSON(), String(session), session.handle, sessions, Object.entries(session));
  store.always('*', 'break');
  for (const fault of ['break', new Error('connection refused')] as const) {
    store.always('*', fault);
    const failing = await browser.begin();
    told.push((await failing.end()).error);
    await Promise.resolve()
      .then(() => failing.session.user)
      .catch((error) => told.push(error));
    session.cart = 1;
    await session.save().catch((error) => told.push(error));
  }
  store.reset();
  await browser.visit((session) => session.destroy());
  const shown = inspect([told, events], { depth: 12, showHidden: true }) + JSON.stringify(events);
  const key = (await dump(base))[0]?.key ?? '';
  expect(events.length).toBeGreaterThan(4);
  for (const secret of [cookie, cookie.slice(0, 43), SECRET, key]) {
    expect(secret).not.toBe('');
    expect(shown).not.toContain(secret);
  }
});

test('R104: sealed sessions print and tell no cookie and no secret either', async () => {
  const { browser, events, sessions } = sealedSetup();
  await browser.visit((session) => session.set('user', 'ann'));
  const { session } = await browser.begin();
  const shown = inspect([session, sessions, events], { depth: 12, showHidden: true });
  expect(shown).not.toContain(ticketOf(browser.cookie));
  expect(shown).not.toContain(SECRET);
});
