import { afterEach, expect, test, vi } from 'vitest';
import { createSessions, type SessionEvent, type SessionsOptions } from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { Browser } from '../support/visit.ts';

afterEach(() => void vi.useRealTimers());

/** What `docs/races.md` draws: A and B read the same session, then each does its part and ends, A first. */
async function overlap(
  start: Record<string, unknown>,
  a: (session: any) => unknown,
  b: (session: any) => unknown,
  options: SessionsOptions = {},
) {
  const events: SessionEvent[] = [];
  const sessions = createSessions({ ...options, onEvent: (event) => events.push(event) });
  const browser = new Browser(sessions);
  await browser.visit((session) => session.assign(start));
  const ticket = browser.cookie;
  const [first, second] = [await browser.begin(), await browser.begin()];
  first.session.has('x');
  second.session.has('x');
  await a(first.session);
  const endOfA = await first.end();
  await b(second.session);
  const endOfB = await second.end();
  const stored = await new Browser(sessions, ticket).begin();
  return { endOfA, endOfB, data: stored.session.toJSON(), events, types: events.map(({ type }) => type) };
}

test('different keys: both stay', async () => {
  const { data, types } = await overlap(
    { old: 1 },
    (session) => session.set('cart', ['tea']),
    (session) => session.set('theme', 'dark'),
  );
  expect(data).toEqual({ old: 1, cart: ['tea'], theme: 'dark' });
  expect(types).toContain('conflict');
  expect(types).not.toContain('overwritten');
});

test('the same key: the later commit wins and says so, unless both wrote the same', async () => {
  const set = (n: number) => (session: any) => session.set('n', n);
  const two = await overlap({ n: 1 }, set(2), set(3));
  expect(two.data).toEqual({ n: 3 });
  expect(two.events.find(({ type }) => type === 'overwritten')?.keys).toEqual(['n']);
  expect((await overlap({ n: 1 }, set(2), set(2))).types).not.toContain('overwritten');
});

test('update is exact, provisional before the commit and settled after an awaited save', async () => {
  const add = (session: any) => session.update('n', (n: number) => n + 1);
  let before = 0;
  let after = 0;
  const { data } = await overlap({ n: 1 }, add, async (session) => {
    add(session);
    before = session.n;
    await session.save();
    after = session.n;
  });
  expect([data.n, before, after]).toEqual([3, 2, 3]);
});

test('setDefault does not write over what came first', async () => {
  const { data } = await overlap(
    { old: 1 },
    (session) => session.set('theme', 'dark'),
    (session) => session.setDefault('theme', 'light'),
  );
  expect(data.theme).toBe('dark');
});

test('take gives a value to one, pop may give it to both', async () => {
  const got: unknown[] = [];
  const take = async (session: any) => got.push(await session.take('code'));
  await overlap({ code: 'x', old: 1 }, take, take);
  expect(got).toEqual(['x', undefined]);
  const popped: unknown[] = [];
  const pop = (session: any) => popped.push(session.pop('code'));
  await overlap({ code: 'x', old: 1 }, pop, pop);
  expect(popped).toEqual(['x', 'x']);
});

test('an edit in place is a write of the whole value; update keeps both', async () => {
  const push = (item: string) => (session: any) => session.cart.push(item);
  const edited = await overlap({ cart: [] }, push('tea'), push('milk'));
  expect(edited.data).toEqual({ cart: ['milk'] });
  expect(edited.types).toContain('overwritten');
  const add = (item: string) => (session: any) => session.update('cart', (cart: string[] = []) => [...cart, item]);
  expect((await overlap({ cart: [] }, add('tea'), add('milk'))).data).toEqual({ cart: ['tea', 'milk'] });
});

test('clear removes what another request set meanwhile; writes after it stay', async () => {
  const { data } = await overlap(
    { old: 1 },
    (session) => session.set('theme', 'dark'),
    (session) => {
      session.clear();
      session.set('mine', 1);
    },
  );
  expect(data).toEqual({ mine: 1 });
});

test('a new id: what a slower request wrote is dropped and told, its answer has no cookie; what depends on it is a 409', async () => {
  const login = (session: any) => session.set('user', 'ann');
  const { endOfB, events } = await overlap({ old: 1 }, login, (session) => session.set('cart', ['tea']));
  expect(endOfB).toMatchObject({ setCookie: [] });
  expect(endOfB.error).toBeUndefined();
  expect(events.find(({ type }) => type === 'gone')?.keys).toEqual(['cart']);
  for (const act of ['take', 'save', 'regenerate']) {
    const failing = overlap({ old: 1 }, login, async (session) => {
      session.set('cart', ['tea']);
      await session[act]('old');
    }).then(({ endOfB: end }) => Promise.reject(end.error));
    await expect(failing, act).rejects.toMatchObject({ code: 'SESSION_GONE', status: 409 });
  }
});

test('a new id takes over what was stored before the claim', async () => {
  const sessions = createSessions();
  const browser = new Browser(sessions);
  await browser.visit((session) => session.set('old', 1));
  const login = await browser.begin();
  login.session.set('user', 'ann');
  await new Browser(sessions, browser.cookie).visit((session) => session.set('cart', ['tea']));
  await login.end();
  const { session } = await browser.begin();
  expect(session.toJSON()).toEqual({ old: 1, cart: ['tea'], user: 'ann' });
});

test('a logout stays one: a slower write is gone, its answer has no cookie, the ticket reads empty', async () => {
  const { endOfA, endOfB, data, types } = await overlap(
    { user: 'ann' },
    (session) => session.destroy(),
    (session) => session.set('seen', 1),
  );
  expect(endOfA.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
  expect(endOfB.setCookie).toEqual([]);
  expect(data).toEqual({});
  expect(types).toContain('gone');
});

test('an emptied session: the write of another request stays, and its answer sends the cookie again', async () => {
  const { endOfA, endOfB, data } = await overlap(
    { cart: ['tea'] },
    (session) => session.delete('cart'),
    (session) => session.set('theme', 'dark'),
  );
  expect(endOfA.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
  expect(endOfB.setCookie).toEqual([expect.not.stringContaining('Max-Age=0')]);
  expect(data).toEqual({ theme: 'dark' });
});

test('two first visits make two sessions', async () => {
  const sessions = createSessions();
  const [a, b] = [new Browser(sessions), new Browser(sessions)];
  const [first, second] = [await a.begin(), await b.begin()];
  first.session.set('n', 1);
  second.session.set('n', 2);
  await first.end();
  await second.end();
  expect(a.cookie).toBeDefined();
  expect(a.cookie).not.toBe(b.cookie);
});

test('a store that fails once and says so is asked again, and the visitor notices nothing', async () => {
  const store = faultyStore(memoryStore());
  const events: string[] = [];
  const sessions = createSessions({ store, onEvent: ({ type }) => events.push(type) });
  const browser = new Browser(sessions);
  await browser.visit((session) => session.set('n', 1));
  store.next('update', 'fail', 'lose-answer');
  expect((await browser.visit((session) => session.update('n', (n: number) => n + 1))).error).toBeUndefined();
  expect(events.filter((type) => type === 'store-error')).toHaveLength(2);
  await browser.visit((session) => expect(session.n).toBe(2));
});

/** Sessions on a store that has answered nothing for a whole deadline. */
async function silent(options: SessionsOptions = {}) {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const store = faultyStore(memoryStore());
  const events: SessionEvent[] = [];
  const sessions = createSessions({ store, sweep: false, onEvent: (event) => events.push(event), ...options });
  const browser = new Browser(sessions);
  await browser.visit((session) => session.set('n', 1));
  store.always('*', 'hang');
  const first = failureOf(browser);
  await vi.advanceTimersByTimeAsync(2000);
  return { store, sessions, browser, events, first: await first };
}

async function failureOf(browser: Browser<any>): Promise<unknown> {
  const visit = await browser.begin().catch((error: unknown) => error);
  if (!(visit instanceof Object) || !('session' in visit)) return visit;
  try {
    (visit as { session: any }).session.get('n');
  } catch (error) {
    return error;
  }
  return undefined;
}

const DOWN = { code: 'STORE_DOWN', status: 503, outcome: 'none' };

test('a store that answers nothing: after one deadline nobody waits, cookies stay, and an answer to a probe ends it', async () => {
  const { store, sessions, browser, events, first } = await silent();
  expect(first).toMatchObject({ code: 'STORE_TIMEOUT' });
  const { cookie } = browser;
  const calls = store.calls.length;
  // No timer runs meanwhile: whoever waited would wait for ever.
  expect(await failureOf(browser)).toMatchObject(DOWN);
  expect(events.at(-1)).toMatchObject({ type: 'store-error', error: DOWN });
  await expect(sessions.records('test').get('a')).rejects.toMatchObject(DOWN);
  await expect(sessions.backend.get('a')).rejects.toMatchObject(DOWN);
  expect(store.calls).toHaveLength(calls);
  const unseen = await browser.visit(() => undefined);
  expect([unseen.error, unseen.setCookie, browser.cookie]).toEqual([undefined, [], cookie]);
  const { error } = await new Browser(sessions).visit((session) => session.set('n', 1));
  expect(error).toMatchObject(DOWN);
  store.always('*', undefined);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await browser.read((session) => session.get('n'))).toBe(1);
});

test('while it answers nothing, onStoreError: anonymous gives an empty session at once', async () => {
  const { browser } = await silent({ onStoreError: 'anonymous' });
  const { session } = await browser.begin();
  expect((session as any).get('n')).toBeUndefined();
  expect(() => (session as any).set('n', 2)).toThrow(
    expect.objectContaining({ code: 'SESSION_READ_ONLY', status: 503 }),
  );
});

test('reads of one turn travel together, and one that fails harms no other', async () => {
  const base = memoryStore();
  const asked: number[] = [];
  const store: Store = Object.assign(Object.create(base) as Store, {
    capabilities: base.capabilities,
    readMany: async (keys: readonly string[]) => {
      asked.push(keys.length);
      const records = await Promise.all(keys.map((key) => base.read(key)));
      return records.map((record) => (String(record?.document).includes('broken') ? new Error('damaged') : record));
    },
  });
  for (const verb of ['read', 'create', 'update', 'touch', 'destroy', 'put'] as const) {
    Object.assign(store, { [verb]: base[verb].bind(base) });
  }
  const sessions = createSessions<any>({ store, sweep: false });
  const browsers = ['ann', 'broken', 'bob'].map(() => new Browser(sessions));
  for (const [at, name] of ['ann', 'broken', 'bob'].entries()) {
    await browsers[at]?.visit((session: any) => session.set('name', name));
  }
  const told = await Promise.all(
    browsers.map(async (browser) => {
      const { session } = await browser.begin();
      try {
        return (session as any).get('name');
      } catch (error) {
        return (error as { code: unknown }).code;
      }
    }),
  );
  expect([asked, told]).toEqual([[3], ['ann', 'STORE_FAILED', 'bob']]);
  await sessions.backend.set('a', 1);
  expect(await Promise.all(['a', 'b'].map((key) => sessions.backend.get(key)))).toEqual([1, undefined]);
  expect(await sessions.backend.get('a')).toBe(1);
  expect(asked).toEqual([3, 2]);
});
