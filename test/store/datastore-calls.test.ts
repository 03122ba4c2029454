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
  sweep: [(store) => store.sweep?.(10, 5), ['runQuery', 'transaction.get', 'commit']],
  'sweep of what was renewed': [(store) => store.sweep?.(4, 5), ['runQuery', 'transaction.get', 'rollback']],
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
