import { expect, test } from 'vitest';
import { CoatcheckError, createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { Browser } from '../support/visit.ts';

function setup() {
  const events: SessionEvent[] = [];
  const store = memoryStore();
  const sessions = createSessions({ store, onEvent: (event) => events.push(event) });
  const browser = new Browser<Session>(sessions);
  const heard = (type: string) => events.filter((event) => event.type === type);
  return { sessions, browser, events, heard, store };
}

test('G1: overlapping requests that change different keys all keep their change', async () => {
  const { browser, heard } = setup();
  await browser.visit((session) => session.set('start', true));
  const visits = await Promise.all(Array.from({ length: 50 }, () => browser.begin()));
  for (const [i, { session }] of visits.entries()) session.set(`k${i}`, i);
  const changes = await Promise.all(visits.map((visit) => visit.end()));
  expect(changes.filter(({ error }) => error !== undefined)).toEqual([]);
  const keys = await browser.read((session) => session.keys());
  expect(keys).toHaveLength(51);
  expect(heard('conflict').length).toBeGreaterThan(0);
});

test('G1: fifty overlapping increments by update give fifty', async () => {
  const { browser, heard } = setup();
  await browser.visit((session) => session.set('n', 0));
  const visits = await Promise.all(Array.from({ length: 50 }, () => browser.begin()));
  for (const { session } of visits) session.update('n', (n = 0) => n + 1);
  await Promise.all(visits.map((visit) => visit.end()));
  expect(await browser.read((session) => session.n)).toBe(50);
  expect(heard('conflict').length).toBeGreaterThan(0);
});

test('G1: the later of two plain writes to one key wins, and event overwritten says so', async () => {
  const { browser, heard } = setup();
  await browser.visit((session) => session.assign({ color: 'red', size: 1 }));
  const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
  first.session.color = 'green';
  second.session.color = 'blue';
  second.session.size = 2;
  await first.end();
  await second.end();
  expect(await browser.read((session) => session.toJSON())).toEqual({ color: 'blue', size: 2 });
  expect(heard('overwritten').map(({ keys }) => keys)).toEqual([['color']]);
});

test('G2: a session destroyed during a slow request does not come back, and the slow answer has no cookie', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('user', 'ann'));
  const stolen = browser.clone();
  const slow = await browser.begin();
  slow.session.set('late', true);
  await browser.visit((session) => session.destroy());
  const changes = await slow.end();
  expect(changes.setCookie).toEqual([]);
  expect(changes.error).toBeUndefined();
  expect(await stolen.read((session) => session.keys())).toEqual([]);
});

test('G2: a session rotated during a slow request lives on under its new id only', async () => {
  const { browser, heard } = setup();
  await browser.visit((session) => session.set('cart', ['tea']));
  const old = browser.clone();
  const slow = await old.begin();
  slow.session.set('late', true);
  await browser.visit((session) => session.regenerate({ keep: true }));
  const changes = await slow.end();
  expect(changes.setCookie).toEqual([]);
  expect(heard('gone')).toHaveLength(1);
  expect(await old.read((session) => session.keys())).toEqual([]);
  expect(await browser.read((session) => session.toJSON())).toEqual({ cart: ['tea'] });
});

test('of two overlapping rotations one wins and the other is SESSION_GONE', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('cart', 1));
  const [first, second] = await Promise.all([browser.clone().begin(), browser.clone().begin()]);
  first.session.user = 'ann';
  second.session.user = 'bob';
  const answers = await Promise.all([first.end(), second.end()]);
  const lost = answers.filter(({ error }) => error !== undefined);
  expect(lost).toHaveLength(1);
  expect(lost[0]?.error instanceof CoatcheckError && lost[0].error.code).toBe('SESSION_GONE');
  expect(lost[0]?.setCookie).toEqual([]);
});

test('G5: an edit deep inside a value is saved without anybody marking it', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('cart', { items: ['tea'] }));
  await browser.visit((session) => session.cart.items.push('milk'));
  expect(await browser.read((session) => session.cart)).toEqual({ items: ['tea', 'milk'] });
});

test('take hands a value to exactly one of ten overlapping requests', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('coupon', 'ten-off'));
  const visits = await Promise.all(Array.from({ length: 10 }, () => browser.begin()));
  const taken = await Promise.all(visits.map(({ session }) => session.take('coupon')));
  expect(taken.filter((value) => value !== undefined)).toEqual(['ten-off']);
});

test('an emptied session loses its cookie and keeps what another request writes meanwhile', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('a', 1));
  const other = browser.clone();
  const writer = await other.begin();
  writer.session.set('b', 2);
  const emptied = await browser.visit((session) => session.clear());
  expect(emptied.setCookie[0]).toMatch(/^__Host-session=;/);
  const changes = await writer.end();
  expect(changes.setCookie[0]).toMatch(/^__Host-session=[\w-]{43};/);
  expect(await other.read((session) => session.toJSON())).toEqual({ b: 2 });
});
