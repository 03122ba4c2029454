import { expect, test } from 'vitest';
import { createSessions, type SessionEvent, type SessionsOptions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { faultyStore } from '../../src/testing/index.ts';
import { Browser } from '../support/visit.ts';

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
