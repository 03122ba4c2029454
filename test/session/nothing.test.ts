import type { Session } from 'coatcheck';
import { expect, test } from 'vitest';
import { setup } from './helpers.ts';

const idle: [what: string, act: (session: Session) => unknown][] = [
  ['does nothing', () => undefined],
  [
    'sets the same plain values',
    (session) => session.assign({ n: 1, text: 'a', nil: null, no: false, nan: Number.NaN }),
  ],
  ['sets a property to what it is', (session) => Object.assign(session, { n: 1 })],
  ['deletes and pops absent keys', (session) => [session.delete('x'), session.pop('y'), delete session.z]],
  ['sets an absent key to undefined', (session) => session.set('x', undefined)],
  ['sets a default that is there', (session) => session.setDefault('n', 5)],
  ['reads an object without editing it', (session) => [session.cart.items[0], session.get('cart')]],
  ['copies, lists and logs', (session) => [{ ...session }, JSON.stringify(session), [...session], session.entries()]],
  ['asks for facts', (session) => [session.handle, session.isNew, session.modified, session.expiresAt]],
  ['saves what is not changed', (session) => session.save()],
  ['sets permanent to what it is', (session) => Object.assign(session, { permanent: false })],
];

test.each(idle)('G4: a request that %s writes nothing and sends no cookie', async (_what, act) => {
  const { browser, calls } = setup();
  const data = { n: 1, text: 'a', nil: null, no: false, nan: Number.NaN, cart: { items: ['tea'] } };
  await browser.visit((session) => session.assign(data));
  calls.length = 0;
  const changes = await browser.visit(act);
  expect(calls).toEqual(['read']);
  expect(changes.setCookie).toEqual([]);
  expect(changes.error).toBeUndefined();
});

test('G4: a first visit that only reads, or leaves nothing behind, makes no call and no cookie', async () => {
  const { browser, calls } = setup();
  const acts: ((session: Session) => unknown)[] = [
    (session) => session.user,
    (session) => session.clear(),
    (session) => session.set('a', 1).delete('a'),
    (session) => session.update('a', (a) => a),
    (session) => session.destroy(),
    (session) => session.regenerate(),
  ];
  for (const act of acts) {
    const changes = await browser.visit(act);
    expect(changes.error).toBeUndefined();
    expect(changes.setCookie.filter((line) => !/^__Host-session=;/.test(line))).toEqual([]);
  }
  expect(calls).toEqual([]);
});

test('minus zero is another value than zero', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('n', 0));
  await browser.visit((session) => session.set('n', -0));
  expect(await browser.read((session) => Object.is(session.n, -0))).toBe(true);
});
