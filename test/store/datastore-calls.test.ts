import { Datastore } from '@google-cloud/datastore';
import { afterEach, expect, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { type DatastoreClient, openDatastore } from '../../src/store/datastore.ts';

const KEY = 'a'.repeat(64);
const NAME = Symbol('KEY');
const RECORD = { document: '{}', version: 'v', expiresAt: 5, owner: 'ann', until: 5, [NAME]: { name: KEY } };

afterEach(() => void vi.useRealTimers());

interface Heard {
  readonly call: string;
  readonly gaxOptions: unknown;
}

/** A client that finds one record everywhere, and what it was asked; `wait` comes before what it reads. */
function listening(wait: () => Promise<void> = async () => undefined): { client: DatastoreClient; heard: Heard[] } {
  const heard: Heard[] = [];
  const reads = (call: string) => async (what: object, options: object) => {
    heard.push({ call, gaxOptions: (options as { gaxOptions?: unknown }).gaxOptions });
    await wait();
    return [Array.isArray(what) || call === 'runQuery' ? [RECORD] : RECORD, {}];
  };
  const writes = (call: string) => async (options: object) => void heard.push({ call, gaxOptions: options });
  const transaction = {
    id: 'a transaction',
    run: async (options: { gaxOptions?: unknown }) => void heard.push({ call: 'run', gaxOptions: options.gaxOptions }),
    get: reads('transaction.get'),
    save: () => undefined,
    delete: () => undefined,
    commit: writes('commit'),
    rollback: writes('rollback'),
  };
  const query = {
    entityFilters: [{}],
    filter: () => query,
    order: () => query,
    select: () => query,
    limit: () => query,
  };
  const client: DatastoreClient = {
    KEY: NAME,
    key: (options) => options,
    get: reads('get'),
    save: (_entity, options) => writes('save')(options),
    createQuery: () => query,
    runQuery: reads('runQuery'),
    transaction: () => transaction,
  };
  return { client, heard };
}

const VERBS: Readonly<Record<string, readonly [act: (store: Store) => unknown, calls: readonly string[]]>> = {
  read: [(store) => store.read(KEY), ['get']],
  readMany: [(store) => store.readMany?.([KEY, 'b']), ['get']],
  create: [(store) => store.create(KEY, '{}', 5), ['save']],
  update: [(store) => store.update(KEY, 'v', '{}', 5), ['transaction.get', 'commit']],
  'update at an old version': [(store) => store.update(KEY, 'w', '{}', 5), ['transaction.get', 'rollback']],
  touch: [(store) => store.touch(KEY, 'v', 6), ['transaction.get', 'commit']],
  'touch that moves nothing': [(store) => store.touch(KEY, 'v', 5), ['transaction.get', 'rollback']],
  destroy: [(store) => store.destroy(KEY), ['transaction.get', 'commit']],
  put: [(store) => store.put(KEY, '{}', 5), ['save']],
  listOwned: [(store) => store.listOwned?.('ann'), ['runQuery']],
  forget: [(store) => store.forget?.('ann', KEY), ['transaction.get', 'commit']],
  'forget for another owner': [(store) => store.forget?.('bob', KEY), ['transaction.get', 'rollback']],
  sweep: [(store) => store.sweep?.(10, 5), ['runQuery', 'run', 'transaction.get', 'commit']],
  'sweep of what was renewed': [(store) => store.sweep?.(4, 5), ['runQuery', 'run', 'transaction.get', 'rollback']],
  scan: [(store) => store.scan?.(undefined, 5), ['runQuery']],
};

test.each(Object.entries(VERBS))('%s makes no call twice and none too much', async (_name, [act, calls]) => {
  const { client, heard } = listening();
  const store = await openDatastore({ client });
  expect(heard.map(({ call }) => call)).toEqual(['transaction.get', 'rollback']);
  heard.length = 0;
  await act(store);
  expect(heard.map(({ call }) => call)).toEqual(calls);
  // The client's own retries are off, call by call.
  for (const { gaxOptions } of heard) expect(gaxOptions).toMatchObject({ retry: null });
});

test('a call that nobody answers is given up after five seconds', async () => {
  let answered = true;
  const { client } = listening(async () => (answered ? undefined : new Promise(() => undefined)));
  const store = await openDatastore({ client });
  answered = false;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  for (const act of [store.read(KEY), store.update(KEY, 'v', '{}', 5), store.destroy(KEY)]) {
    const given = Promise.resolve(act).catch((error: unknown) => error);
    vi.advanceTimersByTime(5000);
    expect(await given).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'none' });
  }
});

test('what was read too late is not written', async () => {
  let answer: () => void = () => undefined;
  let slow = false;
  const { client, heard } = listening(async () => {
    if (!slow) return;
    await new Promise<void>((resolve) => {
      answer = resolve;
    });
  });
  const store = await openDatastore({ client });
  slow = true;
  heard.length = 0;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const given = store.update(KEY, 'v', '{}', 5).catch((error: unknown) => error);
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  vi.advanceTimersByTime(5500);
  expect(await given).toMatchObject({ retryable: true, outcome: 'none' });
  answer();
  await vi.waitFor(() => expect(heard).toHaveLength(2));
  expect(heard.map(({ call }) => call)).toEqual(['transaction.get', 'rollback']);
});

test('sweep goes past foreign entities, which stay, to the records behind them', async () => {
  const { client, heard } = listening();
  const query = { ...(client.createQuery('', '') as object), entityFilters: [{}], at: '' };
  const starting = (at: string): object => {
    const one: Record<string, unknown> = { ...query, at };
    for (const name of ['filter', 'order', 'select', 'limit']) one[name] = () => one;
    one.start = starting;
    return one;
  };
  const foreign = { document: 5, [NAME]: { name: 'b' } };
  const pages: Record<string, readonly [object, object]> = {
    '': [foreign, { moreResults: 'MORE_RESULTS_AFTER_LIMIT', endCursor: 'second' }],
    second: [RECORD, { moreResults: 'NO_MORE_RESULTS', endCursor: 'third' }],
  };
  const transaction = client.transaction();
  const store = await openDatastore({
    client: {
      ...client,
      createQuery: () => starting(''),
      runQuery: async (asked) => {
        const [entity, info] = pages[(asked as { at: string }).at] ?? [];
        return [[entity], info];
      },
      transaction: () => ({
        ...transaction,
        get: async (keys: object) => [
          Array.isArray(keys) && keys.map(({ path }) => (path[1] === 'b' ? foreign : RECORD)),
        ],
      }),
    },
  });
  expect(await store.sweep?.(10, 1)).toBe(1);
  expect(heard.filter(({ call }) => call === 'commit')).toHaveLength(1);
});

test('bytes that change after a write was begun are stored as they were', async () => {
  const { client } = listening();
  const saved: { data: { document: Uint8Array } }[] = [];
  const store = await openDatastore({
    client: { ...client, save: async (entity) => void saved.push(entity as never) },
  });
  const bytes = new Uint8Array([1, 2]);
  const written = store.put(KEY, bytes, 5);
  bytes.fill(0);
  await written;
  expect([...(saved[0]?.data.document ?? [])]).toEqual([1, 2]);
});

test('sweep looks at all of its keys in one transaction, those that Datastore defers too', async () => {
  const real = new Datastore({ projectId: 'shop', apiEndpoint: 'http://127.0.0.1:1' });
  const keys = ['b', 'c'].map((name) => real.key(['coatcheck_sessions', name]));
  const calls: string[] = [];
  let begun = 0;
  /** Instead of the network: the first of several keys is answered, the others are deferred. */
  const request = (
    { method, reqOpts }: { method: string; reqOpts?: { keys?: object[]; readOptions?: { newTransaction?: object } } },
    done: (error: null, answer: object) => void,
  ): void => {
    const begins = method === 'beginTransaction' || reqOpts?.readOptions?.newTransaction !== undefined;
    if (begins) begun += 1;
    calls.push(begins && method === 'lookup' ? 'lookup that begins' : method);
    const deferred = reqOpts?.keys?.slice(1) ?? [];
    done(null, { found: [], deferred, ...(begins && { transaction: `transaction ${begun}` }) });
  };
  const client = Object.assign(Object.create(real), {
    transaction: () => Object.assign(real.transaction(), { request_: request }),
    runQuery: async () => [keys.map((key) => ({ [real.KEY]: key })), {}],
  });
  const store = await openDatastore({ client });
  calls.length = 0;
  await store.sweep?.(10, 5);
  expect(calls).toEqual(['beginTransaction', 'lookup', 'lookup', 'rollback']);
});
