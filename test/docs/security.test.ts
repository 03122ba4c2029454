import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { nodeSessions } from '../../src/http/node.ts';
import { createCookieSessions, createSessions } from '../../src/index.ts';
import type { Document } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock, faultyStore } from '../../src/testing/index.ts';
import { Browser } from '../support/visit.ts';
import { browse, root } from './blocks.ts';

/** The table under "Defaults": what, and the default without its backticks. */
const table = new Map(
  [
    ...(readFileSync(join(root, 'docs/security.md'), 'utf8').split('## Defaults')[1]?.split('\n## ')[0] ?? '').matchAll(
      /^\| (.+?) \| (.*`) \|$/gm,
    ),
  ].map(([, what = '', value = '']) => [what.replaceAll('`', ''), value.replaceAll('`', '')]),
);

const SECRET = '4yGQ0pZkT9vXr2LwHn7mBc5sDf8aUe1J';

async function setCookie(options: Parameters<typeof createSessions>[0], permanent = false): Promise<string> {
  const changes = await new Browser(createSessions(options)).visit((session) => {
    session.n = 1;
    if (permanent) session.permanent = true;
  });
  return changes.setCookie[0] ?? '';
}

const nameOf = (cookie: string) => cookie.slice(0, cookie.indexOf('='));

/** A memory store that writes down the keys, documents and expiries that it is given. */
function noting() {
  const store = memoryStore();
  const keys: string[] = [];
  const documents: Document[] = [];
  const ends: number[] = [];
  const { create, update, put } = store;
  store.create = (...args) => {
    keys.push(args[0]);
    documents.push(args[1]);
    ends.push(args[2]);
    return create.apply(store, args);
  };
  store.update = (...args) => {
    ends.push(args[3]);
    return update.apply(store, args);
  };
  store.put = (...args) => {
    ends.push(args[2]);
    return put.apply(store, args);
  };
  return { store, keys, documents, ends };
}

const HOUR = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: HOUR, d: 24 * HOUR };

/** Milliseconds of a cell such as `24h`. */
function duration(cell: string): number {
  const [, count = '', unit = ''] = /^(\d+)([smhd])$/.exec(cell) ?? [];
  return Number(count) * (UNITS[unit] ?? Number.NaN);
}

/** How long a session lives that is looked at every `step`, in ms; ends the search at `until`. */
async function life(step: number, until: number, permanent: boolean): Promise<number> {
  const clock = fakeClock();
  const begun = clock.now();
  const browser = new Browser(createSessions({ clock }));
  await browser.visit((session) => {
    session.n = 1;
    session.permanent = permanent;
  });
  for (;;) {
    clock.tick({ ms: step });
    let found: unknown;
    await browser.visit((session) => {
      found = session.n;
    });
    if (found !== 1 || clock.now() - begun > until) return clock.now() - begun;
  }
}

/** How long a session lives that nobody uses: between the last step that finds it and the first that does not. */
async function livesIdle(ms: number, permanent: boolean): Promise<boolean> {
  const clock = fakeClock();
  const browser = new Browser(createSessions({ clock }));
  await browser.visit((session) => {
    session.n = 1;
    session.permanent = permanent;
  });
  clock.tick({ ms });
  let found: unknown;
  await browser.visit((session) => {
    found = session.n;
  });
  return found === 1;
}

async function idle(cell: string, permanent: boolean): Promise<void> {
  expect(await livesIdle(duration(cell) - 1, permanent)).toBe(true);
  expect(await livesIdle(duration(cell), permanent)).toBe(false);
}

/** Whether one session takes this data. */
async function takes(data: Record<string, unknown>): Promise<boolean> {
  try {
    const { error } = await new Browser(createSessions()).visit((session) => session.assign(data));
    return error === undefined;
  } catch {
    return false;
  }
}

function nested(levels: number): unknown {
  return levels === 0 ? 1 : { a: nested(levels - 1) };
}

/** The largest number that passes. */
async function largest(passes: (n: number) => Promise<boolean>, low: number, high: number): Promise<number> {
  let [from, to] = [low, high];
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (await passes(middle)) from = middle;
    else to = middle;
  }
  return from;
}

/** Whether a session is found behind a Cookie header made longer, or fuller, by other cookies. */
async function foundBehind(pad: (ticket: string) => string): Promise<boolean> {
  const sessions = createSessions();
  const browser = new Browser(sessions);
  await browser.visit((session) => session.set('n', 1));
  let found: unknown;
  await new Browser(sessions, pad(browser.cookie ?? '')).visit((session) => {
    found = session.n;
  });
  return found === 1;
}

/** Whether a session that began at one address is found from another. */
async function foundFrom(options: Parameters<typeof createSessions>[0], first: string, then: string): Promise<boolean> {
  const browser = new Browser(createSessions(options));
  await browser.visit((session) => session.set('n', 1), { address: first });
  const second = await browser.begin({ address: then });
  const found = second.session.n;
  await second.end();
  return found === 1;
}

async function head(act: 'set' | 'look', name: string): Promise<string | null> {
  const sessions = createSessions();
  const listener = nodeSessions(sessions, (req, res) => {
    if (act === 'set') req.session.n = 1;
    else req.session.get('n');
    res.end();
  });
  let value: string | null = null;
  await browse(listener, async (visit) => {
    value = (await visit('/')).headers.get(name);
  });
  return value;
}

/** One check a row; each fails where the library differs. */
const checks: Readonly<Record<string, (cell: string) => unknown>> = {
  'cookie name': async (cell) => expect(nameOf(await setCookie({}))).toBe(cell),
  'cookie name with a domain': async (cell) =>
    expect(nameOf(await setCookie({ cookie: { domain: 'example.com' } }))).toBe(cell),
  'cookie name with another path': async (cell) =>
    expect(nameOf(await setCookie({ cookie: { path: '/shop' } }))).toBe(cell),
  'cookie name with secure: false': async (cell) =>
    expect(nameOf(await setCookie({ cookie: { secure: false } }))).toBe(cell),
  'cookie attributes': async (cell) => expect((await setCookie({})).split('; ').slice(1).join('; ')).toBe(cell),
  'Cache-Control with our Set-Cookie': async (cell) => expect(await head('set', 'cache-control')).toBe(cell),
  'Cache-Control of a page that looked': async (cell) => expect(await head('look', 'cache-control')).toBe(cell),
  'Vary of a page that looked': async (cell) => expect(await head('look', 'vary')).toBe(cell),
  'id, in random bytes': async (cell) => {
    const drawn = vi.spyOn(globalThis.crypto, 'getRandomValues');
    const cookie = await setCookie({});
    const value = Buffer.from(cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';')), 'base64url');
    const draws = drawn.mock.results.map(({ value: bytes }) => Buffer.from(bytes as Uint8Array));
    expect(value).toHaveLength(Number(cell));
    expect(draws.some((bytes) => bytes.equals(value))).toBe(true);
  },
  'ticket, in characters': async (cell) => {
    const cookie = await setCookie({});
    expect(cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'))).toHaveLength(Number(cell));
  },
  'key in the store, in characters': async (cell) => {
    const { store, keys } = noting();
    await setCookie({ store });
    expect(keys[0]).toHaveLength(Number(cell));
  },
  'handle, in characters': async (cell) => {
    const browser = new Browser(createSessions());
    await browser.visit((session) => session.set('n', 1));
    await browser.visit((session) => expect(session.handle).toHaveLength(Number(cell)));
  },
  'idle limit': (cell) => idle(cell, false),
  'absolute limit': async (cell) => expect(await life(HOUR / 2, 100 * HOUR, false)).toBe(duration(cell)),
  'idle limit of a permanent session': (cell) => idle(cell, true),
  'absolute limit of a permanent session': async (cell) =>
    expect(await life(10 * 24 * HOUR, 1000 * 24 * HOUR, true)).toBe(duration(cell)),
  'longest absolute limit': (cell) => {
    expect(() => createSessions({ lifetime: { absolute: { ms: duration(cell) } } })).not.toThrow();
    expect(() => createSessions({ lifetime: { absolute: { ms: duration(cell) + 1 } } })).toThrow('400 days');
  },
  'least use that is stored (touch)': async (cell) => {
    const clock = fakeClock();
    const store = faultyStore(memoryStore());
    const browser = new Browser(createSessions({ clock, store }));
    await browser.visit((session) => session.set('n', 1));
    const touches = () => store.calls.filter(({ verb }) => verb === 'touch').length;
    clock.tick({ ms: duration(cell) - 1 });
    await browser.visit((session) => session.get('n'));
    expect(touches()).toBe(0);
    clock.tick({ ms: 1 });
    await browser.visit((session) => session.get('n'));
    expect(touches()).toBe(1);
  },
  'closed record stays': async (cell) => {
    const clock = fakeClock();
    const { store, ends } = noting();
    const browser = new Browser(createSessions({ clock, store }));
    await browser.visit((session) => session.set('n', 1));
    await browser.visit((session) => session.destroy());
    expect(ends.at(-1)).toBe(clock.now() + duration(cell));
  },
  'emptied record stays': async (cell) => {
    const clock = fakeClock();
    const { store, ends } = noting();
    const browser = new Browser(createSessions({ clock, store }));
    await browser.visit((session) => session.set('n', 1));
    await browser.visit((session) => session.delete('n'));
    expect(ends.at(-1)).toBe(clock.now() + duration(cell));
  },
  'clock ahead of ours, still believed': async (cell) => {
    const foundWithClockBehind = async (ms: number) => {
      const clock = fakeClock();
      const browser = new Browser(createSessions({ clock }));
      await browser.visit((session) => session.set('n', 1));
      clock.set(clock.now() - ms);
      let found: unknown;
      await browser.visit((session) => {
        found = session.n;
      });
      return found === 1;
    };
    expect(await foundWithClockBehind(duration(cell))).toBe(true);
    expect(await foundWithClockBehind(duration(cell) + 1)).toBe(false);
  },
  'deadline of one request': async (cell) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const store = faultyStore(memoryStore());
    store.always('create', 'hang');
    let failed: unknown;
    const visit = new Browser(createSessions({ store })).visit((session) => session.set('n', 1));
    void visit.then(({ error }) => {
      failed = error;
    });
    await vi.advanceTimersByTimeAsync(duration(cell) - 1);
    expect(failed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(failed).toMatchObject({ code: 'STORE_TIMEOUT', status: 503 });
  },
  'a store that answers nothing is asked again every': async (cell) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const store = faultyStore(memoryStore());
    store.always('*', 'hang');
    const visit = new Browser(createSessions({ store, sweep: false })).visit((session) => session.set('n', 1));
    await vi.advanceTimersByTimeAsync(2000);
    expect((await visit).error).toMatchObject({ code: 'STORE_TIMEOUT' });
    const asked = () => store.calls.filter(({ verb }) => verb === 'read').length;
    const before = asked();
    await vi.advanceTimersByTimeAsync(duration(cell) - 1);
    expect(asked()).toBe(before);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toBe(before + 1);
  },
  'binding to an address': async (cell) => {
    expect(await foundFrom({}, '198.51.100.7', '203.0.113.9')).toBe(true);
    expect(await foundFrom({ bind: cell as 'none' }, '198.51.100.7', '203.0.113.9')).toBe(true);
  },
  'proxies that are believed': async (cell) => {
    expect(cell).toBe('none');
    const heard: (string | undefined)[] = [];
    const sessions = createSessions({ onEvent: ({ address }) => heard.push(address) });
    const header = () => '1.1.1.1';
    await new Browser(sessions).visit((session) => session.set('n', 1), { address: '10.0.0.1', header });
    expect(new Set(heard)).toEqual(new Set(['10.0.0.1']));
  },
  'IPv6 addresses count by their': async (cell) => {
    expect(cell).toBe('/64');
    expect(await foundFrom({ bind: 'ip' }, '2001:db8:0:7::1', '2001:db8:0:7:ffff::1')).toBe(true);
    expect(await foundFrom({ bind: 'ip' }, '2001:db8:0:7::1', '2001:db8:0:6::1')).toBe(false);
  },
  'expired records are swept every': async (cell) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const store = faultyStore(memoryStore());
    await new Browser(createSessions({ store })).visit((session) => session.set('n', 1));
    const sweeps = () => store.calls.filter(({ verb }) => verb === 'sweep').length;
    await vi.advanceTimersByTimeAsync(duration(cell) - 1);
    expect(sweeps()).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(sweeps()).toBe(1);
  },
  'sessions of one owner': async (cell) => {
    const sessions = createSessions<{ user: string }>({ ownerOf: ({ user }) => user });
    for (let n = 0; n <= Number(cell); n++) {
      await new Browser(sessions).visit((session) => session.set('user', 'ann'));
    }
    expect(await sessions.listFor('ann')).toHaveLength(Number(cell));
  },
  'document, in bytes': async (cell) => {
    const { store, documents } = noting();
    const stores = async (n: number) => {
      const { error } = await new Browser(createSessions({ store })).visit((session) => {
        session.list = [];
        session.list.push('x'.repeat(n));
      });
      return error === undefined;
    };
    await largest(stores, 1, 100_000);
    expect(Math.max(...documents.map(({ length }) => length))).toBe(Number(cell));
  },
  'nesting, in levels': async (cell) =>
    // The data itself is the first level.
    expect(1 + (await largest((n) => takes({ a: nested(n) }), 1, 100))).toBe(Number(cell)),
  'members in all': async (cell) => {
    const many = (n: number) => takes(Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, 1])));
    expect(await largest(many, 1, 5000)).toBe(Number(cell));
  },
  'Cookie header that is read, in octets': async (cell) => {
    const padded = (n: number) => foundBehind((ticket) => `${ticket}; p=`.padEnd(n, 'x'));
    expect(await largest(padded, 100, 100_000)).toBe(Number(cell));
  },
  'pairs in it': async (cell) => {
    const filled = (n: number) =>
      foundBehind((ticket) => [ticket, ...Array.from({ length: n - 1 }, () => 'a=b')].join('; '));
    expect(await largest(filled, 1, 1000)).toBe(Number(cell));
  },
  'sealed cookie, name and value in octets': async (cell) => {
    const sessions = createCookieSessions({ secret: SECRET, revocation: 'none' });
    let longest = 0;
    const seals = async (n: number) => {
      const { setCookie: lines, error } = await new Browser(sessions).visit((session) =>
        session.set('a', 'x'.repeat(n)),
      );
      if (error !== undefined) return false;
      longest = Math.max(longest, (lines[0] ?? '').split(';')[0]?.replace('=', '').length ?? 0);
      return true;
    };
    await largest(seals, 1, 10_000);
    // base64url writes three bytes as four characters, so the last one or two may stay free.
    expect(Number(cell) - longest).toBeGreaterThanOrEqual(0);
    expect(Number(cell) - longest).toBeLessThan(3);
  },
  'least secret, in bytes': (cell) => {
    const of = (length: number) => () =>
      createCookieSessions({ secret: `${SECRET}${SECRET}`.slice(0, length), revocation: 'none' });
    expect(of(Number(cell))).not.toThrow();
    expect(of(Number(cell) - 1)).toThrow(`at least ${cell}`);
  },
  'memory store, in records': async (cell) => {
    let evicted = 0;
    const store = memoryStore({ onEvict: () => evicted++ });
    for (let n = 0; n < Number(cell); n++) await store.create(`key-${n}`, '{}', 1);
    expect(evicted).toBe(0);
    await store.create('one more', '{}', 1);
    expect(evicted).toBe(1);
  },
  'memory store, in bytes of documents': (cell) => expect(memoryStore().capabilities.maxBytes).toBe(Number(cell)),
  tickets: async (cell) => {
    expect(cell).toBe('plain');
    const { store, keys } = noting();
    const cookie = await setCookie({ store, secret: SECRET });
    const ticket = cookie.slice(cookie.indexOf('=') + 1, cookie.indexOf(';'));
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(ticket));
    expect(keys).toEqual([Buffer.from(digest).toString('hex')]);
  },
  'a store that fails': async (cell) => {
    const store = faultyStore(memoryStore());
    const sessions = createSessions({ store });
    const browser = new Browser(sessions);
    await browser.visit((session) => session.set('n', 1));
    store.always('read', 'break');
    await expect(browser.visit((session) => session.get('n'))).rejects.toMatchObject({ status: Number(cell) });
  },
  'static paths': async (cell) => {
    const sessions = createSessions();
    const at = (path: string) =>
      sessions.open({ method: 'GET', path, cookie: undefined, header: () => undefined, address: '', secure: true });
    expect(await at(`${cell}a.css`)).toBeUndefined();
    expect(await at('/other')).toBeDefined();
  },
  'identity keys': async (cell) => {
    const keys = cell.split(', ');
    for (const key of [...keys, 'name']) {
      const browser = new Browser(createSessions());
      await browser.visit((session) => session.set('n', 1));
      const before = browser.cookie;
      await browser.visit((session) => session.set(key, 'ann'));
      expect(browser.cookie === before, key).toBe(key === 'name');
    }
  },
};

describe('the defaults of docs/security.md', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('have a check for every row, and a row for every check', () => {
    expect([...table.keys()].sort()).toEqual(Object.keys(checks).sort());
  });

  test.each([...table])('%s: %s', { timeout: 60_000 }, async (what, cell) => {
    await checks[what]?.(cell);
  });
});
