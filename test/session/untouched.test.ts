import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSessions, type Session } from '../../src/index.ts';
import { anyValue, key } from '../codec/arbitraries.ts';
import { Browser } from '../support/visit.ts';
import { setup } from './helpers.ts';

const read = (browser: ReturnType<typeof setup>['browser']) => browser.read((session) => session.toJSON());

// A commit looks only at what its request had in its hands. Whatever that was, all of it must be stored as it is.

const plain = fc
  .dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'list', 'tree'), fc.jsonValue({ maxDepth: 3 }), {
    noNullPrototype: true,
  })
  .filter((data) => !/"(__proto__|constructor|prototype)":/.test(JSON.stringify(data)));
const written = fc.dictionary(fc.oneof(fc.constantFrom('a', 'b', 'e'), key), anyValue, {
  maxKeys: 3,
  noNullPrototype: true,
});

test('whatever was stored and whatever is set beside it is read back', async () => {
  await fc.assert(
    fc.asyncProperty(plain, written, fc.constantFrom('c', 'd', 'gone'), async (before, change, gone) => {
      const stored = JSON.parse(JSON.stringify(before)) as Record<string, unknown>;
      const { browser } = setup({ identityKeys: [] });
      await browser.visit((session) => session.assign({ ...stored, always: 1 }));
      await browser.visit((session) => {
        for (const [name, value] of Object.entries(change)) session.set(name, value);
        session.delete(gone);
        session.set('always', 2);
      });
      const expected: Record<string, unknown> = { ...stored, ...change, always: 2 };
      delete expected[gone];
      expect(await read(browser)).toEqual(expected);
    }),
    { numRuns: 300 },
  );
});

test.each<[string, (list: any[]) => void, unknown]>([
  ['a Date', (list) => list.push(new Date(0)), new Date(0)],
  ['a Set deep inside', (list) => list[0].deep.push(new Set([1])), undefined],
  ['a number that JSON lacks', (list) => list.push(Number.NaN), Number.NaN],
])('%s put into an object that was only read is stored as what it is', async (_, edit, last) => {
  const { browser } = setup();
  await browser.visit((session) => session.assign({ list: [{ deep: [1] }], other: [1] }));
  await browser.visit((session) => edit(session.list));
  const data = await read(browser);
  const expected: any[] = [{ deep: [1] }];
  edit(expected);
  expect(data).toEqual({ list: expected, other: [1] });
  if (last !== undefined) expect((data.list as unknown[]).at(-1)).toEqual(last);
});

test('what the first of two commits of a request stored is looked at by the second', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('a', 1));
  await browser.visit(async (session) => {
    session.assign({ none: Number.NaN, many: 5n, when: new Date(7) });
    await session.save();
    session.set('a', 2);
  });
  expect(await read(browser)).toEqual({ a: 2, none: Number.NaN, many: 5n, when: new Date(7) });
});

test('what a schema puts into the data that it is shown is stored as what it is', async () => {
  const validate = (value: unknown) => {
    (value as Record<string, unknown>).seen = { at: new Date(0) };
    return { value };
  };
  const { browser, store, clock } = setup({ schema: { '~standard': { version: 1, vendor: 'test', validate } } });
  await browser.visit((session) => session.set('a', 1));
  await browser.visit((session) => session.set('a', 2));
  const unshown = createSessions({ store, clock, sweep: false });
  expect(await read(new Browser<Session>(unshown, browser.cookie))).toEqual({ a: 2, seen: { at: new Date(0) } });
});

test('what is set counts together with what was stored before', async () => {
  const { browser } = setup();
  const things = (count: number) => Array.from({ length: count }, (_, i) => i);
  await browser.visit((session) => session.assign({ big: things(900), small: things(50), one: 1 }));
  const { error } = await browser.visit((session) => session.set('more', things(60)));
  expect(error).toMatchObject({ code: 'SESSION_TOO_LARGE' });
  // What makes room counts too.
  await browser.visit((session) => {
    session.delete('small');
    session.set('more', things(60));
  });
  expect(Object.keys(await read(browser))).toEqual(['big', 'one', 'more']);
});
