import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCookieSessions, createSessions, type Session } from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock, faultyStore } from '../../src/testing/index.ts';
import { Browser, request } from '../support/visit.ts';
import { codeOf, type Data, dump, SECRET, sealedSetup, setup, ticketOf } from './harness.ts';

const turn = (): Promise<void> => new Promise((next) => setImmediate(next));

/** What the process would have been ended by, had it no listener. */
async function unhandledIn(act: () => Promise<unknown>): Promise<unknown[]> {
  const seen: unknown[] = [];
  const listener = (error: unknown): number => seen.push(error);
  process.on('unhandledRejection', listener);
  await act();
  await turn();
  await turn();
  process.off('unhandledRejection', listener);
  return seen;
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a login by hand on a session that is gone is no silent success', () => {
  test.each([
    ['a closed ticket', () => setup()],
    ['a revoked seal', () => sealedSetup({ revocation: 'denylist', store: memoryStore() })],
  ])('%s', async (_name, start) => {
    const { browser }: { browser: Browser<Session<Data>> } = start();
    await browser.visit((session) => session.set('a', 1));
    const second = browser.clone();
    await browser.visit((session) => session.set('user', 'ann'));
    const { error, setCookie } = await second.visit((session) => session.set('user', 'bob'));
    expect(error).toMatchObject({ code: 'SESSION_GONE', status: 409 });
    expect(setCookie).toEqual([]);
  });
});

describe('reload', () => {
  test('G2: that finds the session gone sends no cookie', async () => {
    const { browser } = setup();
    await browser.visit((session) => Object.assign(session, { permanent: true, a: 1 }));
    const other = browser.clone();
    const { setCookie } = await browser.visit(async (session) => {
      Object.assign(session, { permanent: false, a: 2 });
      await session.save();
      await other.visit((theirs) => theirs.destroy());
      await session.reload();
    });
    expect(setCookie).toEqual([]);
  });

  test('that succeeds ends the read-only view which a failed read left', async () => {
    const { browser, store } = setup({ onStoreError: 'anonymous' });
    await browser.visit((session) => session.set('a', 1));
    store.next('read', 'break');
    await browser.visit(async (session) => {
      expect(session.a).toBeUndefined();
      await session.reload();
      expect(session.a).toBe(1);
      session.a = 2;
    });
    expect(await browser.read((session) => session.a)).toBe(2);
  });
});

test('R17: an update that is replayed on a newer record and changes the identity gives a new id', async () => {
  const { browser, heard } = setup();
  await browser.visit((session) => session.set('user', { id: 1 }));
  const ticket = browser.cookie;
  const other = browser.clone();
  await browser.visit(async (session) => {
    session.update('user', (user: Data) => ({ id: user.next ?? user.id }));
    await other.visit((theirs) => theirs.set('user', { id: 1, next: 2 }));
  });
  expect(browser.cookie).not.toBe(ticket);
  expect(heard('rotated')).not.toEqual([]);
  expect(await browser.read((session) => session.user)).toEqual({ id: 2 });
  expect(await other.read((session) => session.user)).not.toEqual({ id: 2 });
});

test('permanent outlives a regenerate and an early save that had nothing to keep', async () => {
  const { browser } = setup();
  await browser.visit((session) => session.set('a', 1));
  await browser.visit(async (session) => {
    await session.regenerate();
    session.permanent = true;
    await session.save();
    session.b = 1;
  });
  expect(await browser.read((session) => session.permanent)).toBe(true);
});

describe('what is too large is refused with 413', () => {
  test('an array that an edit in place made huge, before it is written out', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('list', [1]));
    const began = performance.now();
    const { error } = await browser.visit((session) => {
      session.list[30_000_000] = 1;
    });
    expect(error).toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413 });
    // Written out it would be 150 MB, again and again.
    expect(performance.now() - began).toBeLessThan(1000);
  });

  test('an identity that holds itself', async () => {
    const { browser } = setup();
    await browser.visit((session) => session.set('user', { id: 1 }));
    const { error } = await browser.visit((session) => {
      session.user.id = session.user;
    });
    expect(error).toMatchObject({ code: 'SESSION_TOO_LARGE', status: 413 });
  });
});

test('a schema that throws stops the request and keeps the cookie and the record', async () => {
  let broken = false;
  const { browser } = setup({
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => {
          if (broken) throw new TypeError('A bug in the schema.');
          return { value };
        },
      },
    } as never,
  });
  await browser.visit((session) => session.set('user', 'ann'));
  const ticket = browser.cookie;
  broken = true;
  const { session, end } = await browser.begin();
  expect(() => session.set('visits', 1)).toThrow('A bug in the schema.');
  await end();
  expect(browser.cookie).toBe(ticket);
  broken = false;
  expect(await browser.read((found) => found.user)).toBe('ann');
});

describe('records.update', () => {
  /** Counts once through a store that stores the create, lets `others` count and loses the answer. */
  async function counted(others: number) {
    const base = memoryStore();
    const store = faultyStore(base);
    const count = (over: Store): Promise<unknown> =>
      createSessions({ store: over, sweep: false })
        .records<number>('n')
        .update('x', (n = 0) => n + 1, { expiresIn: '1h' });
    const { create } = store;
    store.create = async (...args) => {
      store.create = create;
      await create(...args);
      for (let i = 0; i < others; i++) await count(base);
      store.next('create', 'lose-answer');
      return create(...args);
    };
    const error = await count(store).then(
      () => undefined,
      (failed) => failed,
    );
    return { error, value: await createSessions({ store: base, sweep: false }).records<number>('n').get('x') };
  }

  test('counts once if the answer to its create was lost', async () => {
    expect(await counted(3)).toEqual({ error: undefined, value: 4 });
  });

  test('counts once and says that it does not know if so many followed that the record forgot it', async () => {
    const { error, value } = await counted(9);
    expect(value).toBe(10);
    expect(error).toMatchObject({ outcome: 'unknown' });
  });
});

describe('a function that answers with the wrong kind of thing is refused', () => {
  test('a static predicate that gives a promise', async () => {
    const { sessions } = setup({ static: (async () => false) as never });
    await expect(async () => sessions.open(request())).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each([
    ['an object', (data: Data) => data.user],
    ['a promise', async (data: Data) => data.user.id],
  ])('an ownerOf that gives %s', async (_name, ownerOf) => {
    const { browser, base } = setup({ ownerOf: ownerOf as never });
    const { error, setCookie } = await browser.visit((session) => session.set('user', { id: 1 }));
    expect(error).toMatchObject({ code: 'OPTION_INVALID' });
    expect(setCookie).toEqual([]);
    expect(await dump(base)).toEqual([]);
  });

  test('an ownerOf that gives a number names the owner by it', async () => {
    const { browser, sessions } = setup({ ownerOf: ((data: Data) => data.user) as never });
    await browser.visit((session) => session.set('user', 7));
    expect(await sessions.listFor('7')).toHaveLength(1);
  });
});

describe('load: lazy', () => {
  test('a destroy during the load of an unknown id leaves no record', async () => {
    const { base, newBrowser } = setup({ load: 'lazy' });
    await newBrowser(`__Host-session=${'A'.repeat(43)}`).visit(async (session) => {
      const loading = session.load();
      session.destroy();
      await loading;
    });
    expect(await dump(base)).toEqual([]);
  });

  test('accessors throw before load with a cookie and without', async () => {
    const { browser, newBrowser } = setup({ load: 'lazy' });
    await browser.visit(async (session) => {
      await session.load();
      session.a = 1;
    });
    for (const one of [browser, newBrowser()]) {
      const { session } = await one.begin();
      expect(() => session.a).toThrow(expect.objectContaining({ code: 'SESSION_NOT_LOADED' }));
      expect(() => session.set('a', 2)).toThrow(expect.objectContaining({ code: 'SESSION_NOT_LOADED' }));
    }
  });
});

describe('times beyond the longest timer', () => {
  test('a sweep every 30 days is no busy loop', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { browser, sessions, verbs } = setup({ sweep: '30d' });
    await browser.visit((session) => session.set('a', 1));
    await vi.advanceTimersByTimeAsync(1000);
    expect(verbs()).not.toContain('sweep');
    await sessions.close();
  });

  test('a deadline of 30 days waits for a slow store and is no busy loop', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { browser, store } = setup({ deadline: '30d' });
    let answer: () => void = () => undefined;
    store.next('create', { after: new Promise<void>((go) => (answer = go)) });
    const visiting = browser.visit((session) => session.set('a', 1));
    await vi.advanceTimersByTimeAsync(1000);
    // None where another wait of this moment shares its timer.
    expect(timers.mock.calls.length).toBeLessThanOrEqual(1);
    answer();
    expect((await visiting).error).toBeUndefined();
  });
});

describe('a store', () => {
  test('that was handed in stays open when close() is called, for a session or a sealed one', async () => {
    let closed = 0;
    const store: Store = { ...faultyStore(memoryStore()), close: async () => void closed++ };
    await createSessions({ store, sweep: false }).ready();
    for (const sessions of [
      createSessions({ store, sweep: false }),
      createSessions({ store: Promise.resolve(store), sweep: false }),
      createCookieSessions({ secret: SECRET, revocation: 'denylist', store, sweep: false }),
    ]) {
      await sessions.ready();
      await sessions.close();
    }
    expect(closed).toBe(0);
  });

  test.each(['no', 'process'] as const)('whose compare-and-set is %j is warned of', async (atomic) => {
    const inner = memoryStore();
    const store: Store = { ...faultyStore(inner), capabilities: { ...inner.capabilities, atomic } };
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await createSessions({ store, sweep: false }).ready();
    const codes = warned.mock.calls.map(([, options]) => codeOf(options));
    warned.mockRestore();
    expect(codes).toEqual([`COATCHECK_ATOMIC_${atomic.toUpperCase()}`]);
  });
});

test('a weak secret stops the start, also where nothing is signed', () => {
  expect(() => createSessions({ secret: 'weak' })).toThrow(expect.objectContaining({ code: 'SECRET_WEAK' }));
});

test('R105: an async listener that rejects breaks no request and ends no process', async () => {
  const { browser } = setup({
    onEvent: (async () => {
      throw new Error('The listener’s own.');
    }) as never,
  });
  const unhandled = await unhandledIn(() => browser.visit((session) => session.set('a', 1)));
  expect(unhandled).toEqual([]);
  expect(await browser.read((session) => session.a)).toBe(1);
});

describe('revocations of sealed cookies', () => {
  test('are swept when the cookie would have ended by itself', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const store = memoryStore();
    const { browser, clock, sessions } = sealedSetup({ revocation: 'denylist', store, sweep: '10m' } as never);
    await browser.visit((session) => session.set('user', 'ann'));
    await browser.visit((session) => session.destroy());
    expect(await dump(store)).toHaveLength(1);
    clock.tick('399d');
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(await dump(store)).toEqual([]);
    await sessions.close?.();
  });

  test('are not evicted before sessions of nobody', async () => {
    const store = memoryStore({ maxEntries: 20 });
    const { browser } = sealedSetup({ revocation: 'denylist', store } as never);
    await browser.visit((session) => session.set('user', 'ann'));
    const stolen = browser.clone();
    await browser.visit((session) => session.destroy());
    const stored = createSessions<Data>({ store, clock: fakeClock(), sweep: false });
    for (let i = 0; i < 40; i++) {
      await new Browser<Session<Data>>(stored).visit((session) => session.set('a', ticketOf(`=${i}`)));
    }
    expect(await stolen.read((session) => session.user)).toBeUndefined();
  });
});
