import type { Session } from 'coatcheck';
import { describe, expect, test } from 'vitest';
import { codeOf, fresh, rejection, setup } from './helpers.ts';

const LIMITS = { bytes: 65_536, depth: 16, keys: 1000 };

function nested(levels: number): unknown {
  let value: unknown = 'end';
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { in: value } : [value];
  return value;
}

function list(length: number): number[] {
  return Array.from({ length }, () => 1);
}

describe('bounds on set (R82)', () => {
  // The session's data is the first level, and `a` is the first key.
  const cases: [what: string, fits: unknown, over: unknown][] = [
    ['depth', nested(LIMITS.depth - 1), nested(LIMITS.depth)],
    ['keys', list(LIMITS.keys - 1), list(LIMITS.keys + 1)],
    ['length of a text', 'x'.repeat(60_000), 'x'.repeat(LIMITS.bytes)],
    ['bytes in UTF-8', '€'.repeat(20_000), '€'.repeat(22_000)],
    ['bytes when escaped', '\u0001'.repeat(10_000), '\u0001'.repeat(11_000)],
    ['bytes of several texts', ['x'.repeat(30_000), 'y'.repeat(30_000)], ['x'.repeat(33_000), 'y'.repeat(33_000)]],
    ['binary', new Uint8Array(40_000), new Uint8Array(60_000)],
  ];

  test.each(cases)('%s: at the bound it is stored', async (_what, fits) => {
    const { browser } = setup();
    const changes = await browser.visit((session) => session.set('a', fits));
    expect(changes.error).toBeUndefined();
    expect(await browser.read((session) => session.a)).toEqual(fits);
  });

  test.each(cases)(
    '%s: one more is refused at once, by every verb, and changes nothing',
    async (_what, _fits, over) => {
      const session = await fresh();
      const acts = [
        () => session.set('a', over),
        () => session.assign({ b: 1, a: over }),
        () => session.setDefault('a', over),
        () => session.update('a', () => over),
        () => {
          session.a = over;
        },
      ];
      expect(acts.map(codeOf)).toEqual(acts.map(() => 'SESSION_TOO_LARGE'));
      expect(session.keys()).toEqual([]);
      expect(session.modified).toBe(false);
    },
  );

  test('the error is a 413 that names the key and not the value', async () => {
    const session = await fresh();
    expect(() => session.set('bio', 'secret'.repeat(20_000))).toThrow(
      expect.objectContaining({ code: 'SESSION_TOO_LARGE', status: 413, message: expect.stringMatching(/"bio"/) }),
    );
    expect(() => session.set('bio', 'secret'.repeat(20_000))).not.toThrow(/secret/);
  });

  test('a key counts like a value', async () => {
    const session = await fresh();
    expect(codeOf(() => session.set('k'.repeat(LIMITS.bytes), 1))).toBe('SESSION_TOO_LARGE');
  });

  test('a session that is over the bounds only in sum fails at the commit', async () => {
    const { browser, writes } = setup();
    const many = await browser.visit((session) => {
      for (let i = 0; i <= LIMITS.keys; i++) session[`k${i}`] = i;
    });
    const big = await browser.visit((session) => session.assign({ a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) }));
    expect([many.error, big.error]).toMatchObject([{ code: 'SESSION_TOO_LARGE' }, { status: 413 }]);
    expect(writes()).toBe(0);
    const exact = await browser.visit((session) => {
      for (let i = 0; i < LIMITS.keys; i++) session[`k${i}`] = i;
    });
    expect(exact.error).toBeUndefined();
  });
});

describe('bounds on nested edits, at the commit', () => {
  const edits: [what: string, fits: (session: Session) => unknown, over: (session: Session) => unknown][] = [
    [
      'depth',
      (session) => session.a.push(nested(LIMITS.depth - 2)),
      (session) => session.a.push(nested(LIMITS.depth - 1)),
    ],
    ['keys', (session) => session.a.push(...list(LIMITS.keys - 1)), (session) => session.a.push(...list(LIMITS.keys))],
    [
      'bytes',
      (session) => session.a.push('x'.repeat(60_000)),
      (session) => session.a.push('x'.repeat(33_000), 'x'.repeat(33_000)),
    ],
  ];

  test.each(edits)('%s', async (_what, fits, over) => {
    const { browser } = setup();
    await browser.visit((session) => session.set('a', []));
    const refused = await browser.visit(over);
    expect(refused.error).toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413 });
    expect(await browser.read((session) => session.a)).toEqual([]);
    expect((await browser.visit(fits)).error).toBeUndefined();
    expect(await browser.read((session) => session.a)).not.toEqual([]);
  });

  test('hold also where a change is replayed over another request’s', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('start', 1));
    const [first, second] = await Promise.all([browser.begin(), browser.begin()]);
    first.session.a = 'x'.repeat(40_000);
    second.session.b = 'x'.repeat(40_000);
    expect((await first.end()).error).toBeUndefined();
    expect((await second.end()).error).toMatchObject({ code: 'SESSION_TOO_LARGE' });
    expect(await browser.read((session) => session.keys())).toEqual(['start', 'a']);
  });

  test('a save that failed can be repaired', async () => {
    const { browser } = setup();
    const changes = await browser.visit(async (session) => {
      session.assign({ fine: 1, a: 'x'.repeat(40_000), b: 'x'.repeat(40_000) });
      expect(await rejection(session.save())).toBe('SESSION_TOO_LARGE');
      session.delete('b');
      await session.save();
    });
    expect(changes.error).toBeUndefined();
    expect(await browser.read((session) => session.keys())).toEqual(['fine', 'a']);
  });

  test('own limits replace the defaults', async () => {
    const session = await fresh({ limits: { bytes: 500, depth: 3, keys: 4 } });
    expect(codeOf(() => session.set('a', { b: { c: {} } }))).toBe('SESSION_TOO_LARGE');
    expect(codeOf(() => session.set('a', list(5)))).toBe('SESSION_TOO_LARGE');
    expect(codeOf(() => session.set('a', 'x'.repeat(500)))).toBe('SESSION_TOO_LARGE');
    session.assign({ a: { b: {} }, c: 'x'.repeat(100) });
  });
});

test.each([
  ['a function', () => 1],
  ['a symbol', Symbol('a')],
  ['a promise', Promise.resolve()],
  ['an instance of a class', new (class Point {})()],
  ['an invalid date', new Date(Number.NaN)],
  ['a function inside', { list: [() => 1] }],
])('%s is VALUE_UNSUPPORTED where it is set', async (_what, value) => {
  const session = await fresh();
  expect(codeOf(() => session.set('a', value))).toBe('VALUE_UNSUPPORTED');
  expect(codeOf(() => session.setDefault('a', value))).toBe('VALUE_UNSUPPORTED');
  expect(codeOf(() => session.assign({ b: 1, a: value }))).toBe('VALUE_UNSUPPORTED');
  expect(session.keys()).toEqual([]);
});
