import { expect, test } from 'vitest';
import { createSessions, type Session } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { Browser } from '../support/visit.ts';

test('R17: an update that changes who it is only over what a queued commit left gives the session a new id', async () => {
  const browser = new Browser<Session>(createSessions({ store: memoryStore() }));
  await browser.visit((session) => session.set('user', { id: 1, promoted: false }));
  const before = browser.cookie;
  const [first, second] = await Promise.all([browser.clone().begin(), browser.begin()]);
  first.session.update('user', (user) => ({ ...user, promoted: true }));
  second.session.update('user', (user) => (user.promoted ? { ...user, id: 2 } : user));
  // Both begin before either is stored, so that the second is handed the record of the first.
  const [, changes] = await Promise.all([first.end(), second.end()]);
  expect(changes.error).toBeUndefined();
  expect(changes.setCookie).toHaveLength(1);
  expect(browser.cookie).not.toBe(before);
  expect(await browser.read((session) => session.user)).toEqual({ id: 2, promoted: true });
});
