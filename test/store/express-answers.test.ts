import { afterEach, describe, expect, test, vi } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { type ExpressStore, fromExpressStore } from '../../src/store/express.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { Browser } from '../support/visit.ts';
import { AtOnce, ByMaxAge, EarlyPromises, FailsWhereNothingIs, Live, Promises, Twice } from './row-stores.ts';

const runner = { test, skip: test.skip };
const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const inAnHour = (): number => Date.now() + 3_600_000;

afterEach(() => vi.useRealTimers());

await testStore('a store that calls back at once', () => fromExpressStore(new AtOnce()), runner);
await testStore('a store of promises', () => fromExpressStore(new Promises() as ExpressStore), runner);
await testStore(
  'a store whose promises come before its callbacks',
  () => fromExpressStore(new EarlyPromises()),
  runner,
);
await testStore('a store that answers twice', () => fromExpressStore(new Twice()), runner);
await testStore('a store that keeps and hands out live objects', () => fromExpressStore(new Live()), runner);
await testStore('a store that fails where nothing is', () => fromExpressStore(new FailsWhereNothingIs()), runner);

describe('fromExpressStore', () => {
  test.each([
    ['nothing', undefined, /Hand in a store of express-session/],
    ['a class', AtOnce, /This is a function: make a store of it/],
    ['half a store', { get() {}, set() {} }, /get, set and destroy/],
    ["a store of coatcheck's", memoryStore(), /give it to createSessions as it is/],
  ])('refuses %s', (_what, store, message) => {
    expect(() => fromExpressStore(store as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ['ttl', /lifetime/],
    ['disableTouch', /stays alive by itself/],
    ['prefix', /option of the store that you hand in/],
    ['colour', /The options are reads/],
  ])('says of the option %s what to write instead', (name, message) => {
    expect(() => fromExpressStore(new AtOnce(), { [name]: 1 } as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(message) }),
    );
  });

  test('says what it can: exact within one process, no owners, a walk where the store has `all`', () => {
    const said = { atomic: 'process', reads: 'strong', owners: false, bytes: true };
    expect(fromExpressStore(new AtOnce()).capabilities).toMatchObject({ ...said, scan: false });
    expect(fromExpressStore(new Live()).capabilities).toMatchObject({ ...said, scan: true });
    expect(fromExpressStore(new AtOnce(), { reads: 'eventual' }).capabilities.reads).toBe('eventual');
    expect(() => fromExpressStore(new AtOnce(), { reads: 'soon' as any })).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    );
  });

  test('two stores on one object stand in one line: their updates do not collide unseen', async () => {
    const shared = new EarlyPromises();
    const stores = [fromExpressStore(shared), fromExpressStore(shared)];
    const made = await stores[0]?.create(KEY, '0', inAnHour());
    const version = made?.result === 'ok' ? made.version : '';
    const answers = await Promise.all(stores.map((store, i) => store.update(KEY, version, `${i + 1}`, inAnHour())));
    expect(answers.map(({ result }) => result)).toEqual(['ok', 'conflict']);
  });

  test('two objects on the same rows are as two processes: both are told that their update was stored', async () => {
    const [one, other] = [new EarlyPromises(), new EarlyPromises()];
    const stores = [one, Object.assign(other, { texts: one.texts })].map((rows) => fromExpressStore(rows));
    const made = await stores[0]?.create(KEY, '0', inAnHour());
    const version = made?.result === 'ok' ? made.version : '';
    const answers = await Promise.all(stores.map((store, i) => store.update(KEY, version, `${i + 1}`, inAnHour())));
    expect(answers.map(({ result }) => result)).toEqual(['ok', 'ok']);
  });

  test('keys of other name spaces stand under a name without a colon', async () => {
    const texts = new AtOnce();
    await fromExpressStore(texts).create(`codes:${KEY}`, '0', inAnHour());
    expect([...texts.texts.keys()]).toEqual([`codes.${KEY}`]);
  });

  test('a store that reads `cookie.maxAge` is told of a minute more than the record’s life', async () => {
    const store = new ByMaxAge();
    const kept = fromExpressStore(store);
    const made = await kept.create(KEY, '0', Date.now() + 600_000);
    await kept.touch(KEY, made.result === 'ok' ? made.version : '', Date.now() + 900_000);
    await kept.put(OTHER, '0', 5);
    expect(store.lives.map((ms) => Math.round(ms / 1000))).toEqual([660, 960, 1]);
  });
});

describe('a store that fails', () => {
  const failing = (over: Partial<Record<'get' | 'set' | 'destroy', () => unknown>>): ExpressStore =>
    Object.assign(new AtOnce(), over) as ExpressStore;
  const down = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:6379'), { code: 'ECONNREFUSED' });

  test.each([
    [
      'throws at once',
      () => {
        throw down;
      },
    ],
    ['calls back with an error', (_id: string, done: (error: unknown) => void) => done(down)],
    [
      'rejects',
      async () => {
        throw down;
      },
    ],
  ])('and %s: reading is an error, and not an anonymous visitor', async (_how, get) => {
    const store = fromExpressStore(failing({ get: get as () => unknown }));
    const lost = {
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: true,
      message: expect.stringMatching(/connection/),
    };
    await expect(store.read(KEY)).rejects.toMatchObject(lost);
    await expect(store.create(KEY, '0', inAnHour())).rejects.toMatchObject(lost);
  });

  test('while it writes: what became of it is not known, and it is not written twice by itself', async () => {
    let writes = 0;
    const set = (_id: string, _row: unknown, done: (error: unknown) => void): void => {
      writes++;
      done(new Error('Data too long for column'));
    };
    const store = fromExpressStore(failing({ set: set as () => unknown }));
    await expect(store.put(KEY, '0', inAnHour())).rejects.toMatchObject({ outcome: 'unknown', retryable: false });
    expect(writes).toBe(1);
  });

  test('its error brings no part of a row along', async () => {
    const parsing = fromExpressStore(failing({ get: () => JSON.parse('{"user":"ann') }));
    const error: any = await parsing.read(KEY).catch((thrown: unknown) => thrown);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    expect(String(error.cause.message)).not.toContain('ann');
    const query = Object.assign(new Error('syntax error'), { sql: "INSERT 'ann'", detail: 'ann', code: '42601' });
    const querying = fromExpressStore(
      failing({
        set: () => {
          throw query;
        },
      }),
    );
    const other: any = await querying.put(KEY, '0', inAnHour()).catch((thrown: unknown) => thrown);
    expect(other.cause).toMatchObject({ message: 'syntax error', code: '42601' });
    expect(Object.keys(other.cause)).toEqual(['name', 'code']);
  });

  test('a row that somebody else wrote is an error of that record, and no session', async () => {
    const texts = new AtOnce();
    const store = fromExpressStore(texts);
    texts.write(KEY, { cookie: { originalMaxAge: null }, user: 'ann' });
    const foreign = { code: 'STORE_FAILED', message: expect.stringMatching(/not written by coatcheck/) };
    await expect(store.read(KEY)).rejects.toMatchObject(foreign);
    await expect(store.create(KEY, '0', inAnHour())).rejects.toMatchObject(foreign);
    await store.create(OTHER, '0', inAnHour());
    texts.texts.set(KEY, texts.texts.get(OTHER) ?? '');
    const mixed = { code: 'STORE_FAILED', message: expect.stringMatching(/belongs to another key/) };
    await expect(store.read(KEY)).rejects.toMatchObject(mixed);
  });
});

describe('a store that never answers', () => {
  /** Answers nothing while it hangs. */
  class Hangs extends AtOnce {
    hangs = false;
    calls = 0;

    override get(id: string, done: (error?: any, row?: any) => void): void {
      this.calls++;
      if (!this.hangs) super.get(id, done);
    }
  }

  test('holds up nobody for longer than ten seconds, and nobody’s verb is done when nobody waits for it any more', async () => {
    vi.useFakeTimers();
    const back = new Hangs();
    const store = fromExpressStore(back);
    await store.create(KEY, '0', inAnHour());
    back.hangs = true;
    const calls = [store.destroy(KEY), store.read(KEY), store.touch(KEY, 'x', 1)].map((call) =>
      call.then(
        () => 'done',
        (error) => `${error.code} ${error.outcome} ${/did not answer|was not answered/.exec(error.message)}`,
      ),
    );
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await calls[0]).toBe('STORE_FAILED none did not answer');
    const late = store.update(KEY, 'x', '1', inAnHour());
    back.hangs = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(await calls[1]).toBe('STORE_FAILED none did not answer');
    expect(await calls[2]).toBe('STORE_FAILED none was not answered');
    // By create, destroy, read and update; not by the touch that had waited for too long.
    expect(await late).toMatchObject({ result: 'conflict' });
    expect(back.calls).toBe(4);
    expect(await store.destroy(KEY)).toBe(true);
  });

  test('is a 503 within the request’s deadline', async () => {
    const back = new Hangs();
    back.hangs = true;
    const sessions = createSessions<Record<string, unknown>>({ store: fromExpressStore(back), deadline: '100ms' });
    const visit = new Browser(sessions, `__Host-session=${'A'.repeat(43)}`).visit((session) => session.get('user'));
    await expect(visit).rejects.toMatchObject({ code: 'STORE_TIMEOUT', status: 503 });
    await sessions.close();
  });
});
