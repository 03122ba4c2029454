import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { dump, expiresIn, sealedSetup, setup } from './harness.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Writes the only record of a store anew, as another process with another clock might have. */
async function edit(base: Store, change: (text: string) => string, expiresAt?: number): Promise<void> {
  const [only] = await dump(base);
  if (only === undefined) throw new Error('no record');
  await base.put(only.key, change(only.document), expiresAt ?? only.expiresAt);
}

describe('the idle limit', () => {
  test('a session lives until a second before the limit and is over at the limit', async () => {
    const { browser, clock, heard } = setup({ lifetime: { idle: '30m', absolute: '12h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    const early = browser.clone();
    const late = browser.clone();
    clock.tick({ ms: 30 * 60_000 - 1000 });
    const before = await early.begin();
    expect(before.session.user).toBe('ann');
    clock.tick('1s');
    expect(await late.read((session) => session.keys())).toEqual([]);
    expect(heard('expired')).toHaveLength(1);
  });

  test('use extends a life, and an answer that nobody looked at does not', async () => {
    const { browser, clock } = setup({ lifetime: { idle: '30m', absolute: '12h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    clock.tick('20m');
    expect(await browser.read((session) => session.user)).toBe('ann');
    clock.tick('20m');
    expect(await browser.read((session) => session.user)).toBe('ann');
    clock.tick('20m');
    await browser.visit(() => undefined);
    clock.tick('10m');
    expect(await browser.read((session) => session.user)).toBeUndefined();
  });

  test('an expired ticket is neither deleted by its reader nor answered with a deletion', async () => {
    const { browser, clock, base, verbs, store } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    clock.tick('2h');
    store.reset();
    const changes = await browser.visit((session) => session.user);
    expect(changes.setCookie).toEqual([]);
    expect(verbs()).toEqual(['read']);
    expect(await dump(base)).toHaveLength(1);
  });

  test('what is written with an expired ticket opens a new session under a new id', async () => {
    const { browser, clock } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const old = browser.cookie;
    clock.tick('2h');
    const changes = await browser.visit((session) => session.set('color', 'red'));
    expect(changes.setCookie).toHaveLength(1);
    expect(browser.cookie).not.toBe(old);
    expect(await browser.read((session) => session.toJSON())).toEqual({ color: 'red' });
  });
});

describe('the absolute limit', () => {
  test('polling every minute, writing and rotating do not move it', async () => {
    const { browser, clock } = setup({ lifetime: { idle: '30m', absolute: '3h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    let alive = 0;
    for (let minute = 1; minute <= 185; minute++) {
      clock.tick('1m');
      await browser.visit((session) => {
        if (session.user !== 'ann') return;
        alive = minute;
        if (minute % 7 === 0) session.minute = minute;
        if (minute % 50 === 0) return session.regenerate({ keep: true });
      });
    }
    expect(alive).toBe(179);
  });

  test('a change that comes when the absolute limit has passed during the request is told as gone', async () => {
    const { browser, clock, heard } = setup({ lifetime: { idle: '1h', absolute: '1h' } });
    await browser.visit((session) => session.set('a', 1));
    const slow = await browser.begin();
    slow.session.a = 2;
    clock.tick('61m');
    expect((await slow.end()).setCookie).toEqual([]);
    expect(heard('gone').map(({ keys }) => keys)).toEqual([['a']]);
  });

  test('a store that ignores expiry does not make a session older than its limit', async () => {
    const { browser, clock, base } = setup({ lifetime: { idle: '30m', absolute: '3h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    await edit(base, (text) => text, Number.MAX_SAFE_INTEGER);
    clock.tick('3h');
    expect(await browser.read((session) => session.user)).toBeUndefined();
  });
});

describe('permanent sessions', () => {
  test('permanent = true takes the second pair of limits and gives the cookie an Expires', async () => {
    const { browser, clock } = setup();
    const changes = await browser.visit((session) => {
      session.user = 'ann';
      session.permanent = true;
    });
    expect(expiresIn(changes)).toBe(clock.now() + 31 * DAY);
    clock.tick('30d');
    expect(await browser.read((session) => [session.user, session.permanent])).toEqual(['ann', true]);
    clock.tick('31d');
    expect(await browser.read((session) => session.user)).toBeUndefined();
  });

  test('the cookie is sent again when a touch or a commit moved its Expires, and only then', async () => {
    const { browser, clock } = setup();
    await browser.visit((session) => {
      session.assign({ a: 1 }).set('b', 1);
      session.permanent = true;
    });
    clock.tick('1d');
    expect((await browser.visit((session) => session.a)).setCookie).toEqual([]);
    clock.tick('3d');
    expect(expiresIn(await browser.visit((session) => session.a))).toBe(clock.now() + 31 * DAY);
    clock.tick('1h');
    expect(expiresIn(await browser.visit((session) => session.set('a', 2)))).toBe(clock.now() + 31 * DAY);
  });

  test('permanent can be switched on and off, rotation keeps it, and its absolute limit stays', async () => {
    const { browser, clock } = setup();
    await browser.visit((session) => session.set('a', 1));
    expect(
      expiresIn(
        await browser.visit((session) => {
          session.permanent = true;
        }),
      ),
    ).toBeDefined();
    expect(expiresIn(await browser.visit((session) => session.regenerate({ keep: true })))).toBeDefined();
    expect(await browser.read((session) => session.permanent)).toBe(true);
    const off = await browser.visit((session) => {
      session.permanent = false;
    });
    expect(off.setCookie).toHaveLength(1);
    expect(expiresIn(off)).toBeUndefined();
    clock.tick('1h');
    expect(await browser.read((session) => session.a)).toBeUndefined();
  });

  test('permanent = true on a session that holds nothing yet counts when it does, and tells nothing lost', async () => {
    for (const { browser, sessions, heard } of [setup(), sealedSetup()]) {
      const visit = await browser.begin();
      visit.session.permanent = true;
      expect((await visit.end()).setCookie).toEqual([]);
      sessions.ended?.(visit.session);
      expect(heard('lost')).toEqual([]);
      const changes = await browser.visit(async (session) => {
        session.permanent = true;
        await session.save();
        session.a = 1;
      });
      expect(expiresIn(changes)).toBeDefined();
    }
  });

  test('no cookie lives longer than 400 days', async () => {
    const { browser, clock } = setup({ lifetime: { permanent: { idle: '400d', absolute: '400d' } } });
    const changes = await browser.visit((session) => {
      session.set('a', 1);
      session.permanent = true;
    });
    expect(expiresIn(changes)).toBe(clock.now() + 400 * DAY);
    expect(() => setup({ lifetime: { permanent: { absolute: '401d' } } })).toThrow(/400 days/);
  });
});

describe('clocks that disagree', () => {
  const created = (text: string): number => Number(/"created":(\d+)/.exec(text)?.[1]);
  const shifted = (by: number) => (text: string) => text.replace(/"created":\d+/, `"created":${created(text) + by}`);

  test('a session begun 30 s in the future counts as begun now, and event clock says so', async () => {
    const { browser, base, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    await edit(base, shifted(30_000));
    expect(await browser.read((session) => session.user)).toBe('ann');
    expect(heard('clock').map(({ reason }) => reason)).toEqual(['ahead']);
    expect(heard('clock')[0]?.handle).toMatch(/^[\w-]{22}$/);
  });

  test('a session begun two hours in the future is unusable: a new session, and event clock', async () => {
    const { browser, base, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    await edit(base, shifted(2 * HOUR), Number.MAX_SAFE_INTEGER);
    const old = browser.cookie;
    const changes = await browser.visit((session) => {
      expect(session.keys()).toEqual([]);
      expect(session.isNew).toBe(true);
      session.user = 'bob';
    });
    expect(heard('clock').map(({ reason }) => reason)).toEqual(['unusable']);
    expect(changes.setCookie).toHaveLength(1);
    expect(browser.cookie).not.toBe(old);
  });

  test.each([
    ['NaN', 'NaN'],
    ['null', 'null'],
    ['a negative time', '-1'],
    ['text', '"yesterday"'],
  ])('a session whose creation is %s is unreadable and never alive', async (_what, time) => {
    const { browser, base, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    await edit(base, (text) => text.replace(/"created":\d+/, `"created":${time}`));
    expect(await browser.read((session) => session.user)).toBeUndefined();
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['unreadable']);
  });

  test.each([NaN, -1, Number.NEGATIVE_INFINITY])(
    'a record that its store says expires at %s is over',
    async (expiresAt) => {
      const { browser, base } = setup();
      await browser.visit((session) => session.set('user', 'ann'));
      await edit(base, (text) => text, expiresAt);
      expect(await browser.read((session) => session.user)).toBeUndefined();
    },
  );

  test('an authentication time that is no number does not make a session immortal, whatever the codec', async () => {
    const codec = {
      encode: (record: object) => JSON.stringify(record),
      decode: (text: string | Uint8Array) => {
        const { data, meta } = JSON.parse(String(text));
        return { data, meta: { ...meta, authenticated: { user: 'ann', at: NaN } } };
      },
    };
    const { browser, heard } = setup({ codec });
    await browser.visit((session) => session.set('a', 1));
    expect(await browser.read((session) => session.a)).toBeUndefined();
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['unreadable']);
  });

  test('a clock that goes back extends no life, and a touch never shortens one', async () => {
    const { browser, clock, base } = setup({ lifetime: { idle: '30m', absolute: '3h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    const end = (await dump(base))[0]?.expiresAt;
    clock.set(clock.now() - 30_000);
    await browser.read((session) => session.user);
    expect((await dump(base))[0]?.expiresAt).toBe(end);
    await browser.visit((session) => session.set('user', 'ann2'));
    expect((await dump(base))[0]?.expiresAt).toBeLessThanOrEqual(Number(end));
  });
});

test.each([
  [{ idle: 30 }],
  [{ absolute: 3600 }],
  [{ permanent: { idle: 31 } }],
  [{ idle: '30' }],
  [{ idle: '0m' }],
  [{ idle: { ms: -1 } }],
])('a duration without its unit throws: %j', (lifetime) => {
  expect(() => setup({ lifetime: lifetime as never })).toThrow(/duration/);
});

test('a record that expired is removed by the sweep and by nobody else', async () => {
  const base = memoryStore();
  const { browser, clock, sessions } = setup({ base });
  await browser.visit((session) => session.set('a', 1));
  clock.tick('2h');
  await browser.read((session) => session.a);
  expect(await dump(base)).toHaveLength(1);
  expect(await sessions.sweep()).toBe(1);
  expect(await dump(base)).toEqual([]);
});
