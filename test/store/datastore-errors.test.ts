import { describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { type DatastoreClient, openDatastore } from '../../src/store/datastore.ts';

const KEY = 'a'.repeat(64);
const KEY_SYMBOL = Symbol('KEY');
const RECORD = { document: '{}', version: 'v', expiresAt: 5, owner: 'ann', until: 5, [KEY_SYMBOL]: { name: KEY } };

/** What gRPC throws: its errors carry the metadata of the call. */
function thrown(code: number | undefined, message: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code, metadata: { secret: 'hunter2' } });
}

/** A client whose reads or commits fail, once it was opened. */
function failing(error: unknown, at: 'read' | 'commit'): DatastoreClient {
  let opened = false;
  const reads = async (found: unknown): Promise<unknown[]> => {
    if (opened && at === 'read') throw error;
    opened = true;
    return [found];
  };
  const commits = async (): Promise<unknown> => {
    throw error;
  };
  const transaction = {
    id: 'a transaction',
    run: async () => undefined,
    get: (keys: object) => reads(Array.isArray(keys) ? [RECORD] : RECORD),
    save: () => undefined,
    delete: () => undefined,
    commit: commits,
    rollback: async () => undefined,
  };
  const query = { filter: () => query, order: () => query, select: () => query, limit: () => query };
  return {
    KEY: KEY_SYMBOL,
    key: (options) => options,
    get: (keys) => reads(Array.isArray(keys) ? [RECORD] : RECORD),
    save: commits,
    createQuery: () => query,
    runQuery: async () => [(await reads([RECORD]))[0], {}],
    transaction: () => transaction,
  };
}

type Store = Awaited<ReturnType<typeof openDatastore>>;

const READS: Readonly<Record<string, (store: Store) => unknown>> = {
  read: (store) => store.read(KEY),
  readMany: (store) => store.readMany?.([KEY, KEY]),
  listOwned: (store) => store.listOwned?.('ann'),
  scan: (store) => store.scan?.(undefined, 5),
};
const WRITES: Readonly<Record<string, (store: Store) => unknown>> = {
  update: (store) => store.update(KEY, 'v', '{}', 5),
  touch: (store) => store.touch(KEY, 'v', 6),
  destroy: (store) => store.destroy(KEY),
  forget: (store) => store.forget?.('ann', KEY),
  sweep: (store) => store.sweep?.(10, 5),
};
const SINGLE: Readonly<Record<string, (store: Store) => unknown>> = {
  create: (store) => store.create(KEY, '{}', 5),
  put: (store) => store.put(KEY, '{}', 5),
};

async function failureOf(
  act: (store: Store) => unknown,
  error: unknown,
  at: 'read' | 'commit',
): Promise<CoatcheckError> {
  const store = await openDatastore({ client: failing(error, at) });
  const failure = await Promise.resolve(act(store)).catch((caught: unknown) => caught);
  if (!(failure instanceof CoatcheckError)) throw new Error('It did not fail as it must.');
  return failure;
}

/** What is thrown; whether the call may be made again, whether a commit may have happened, what is to be done. */
const CASES: readonly (readonly [what: string, error: unknown, retryable: boolean, unknown: boolean, says: RegExp])[] =
  [
    ['no answer', thrown(4, '4 DEADLINE_EXCEEDED'), true, true, /did not answer in time/],
    ['no service', thrown(14, '14 UNAVAILABLE: read ECONNRESET'), true, true, /connection broke/],
    ['nobody there', thrown(14, '14 UNAVAILABLE: No connection established.'), true, false, /cannot be reached now/],
    [
      'a name that nobody knows',
      thrown(14, '14 UNAVAILABLE: Name resolution failed for target dns:datastore.googleapis.com'),
      true,
      false,
      /cannot be reached now/,
    ],
    [
      'credentials that cannot be had now',
      thrown(2, '2 UNKNOWN: Getting metadata from plugin failed with error: getaddrinfo ENOTFOUND'),
      true,
      false,
      /cannot be reached now/,
    ],
    [
      'a proxy that reaches nobody',
      thrown(14, '14 UNAVAILABLE: upstream connect error or disconnect/reset before headers: ECONNREFUSED'),
      true,
      true,
      /connection broke/,
    ],
    [
      'a failure that speaks of a closed transaction',
      thrown(13, '13 INTERNAL: the transaction was closed'),
      true,
      true,
      /see `cause`/,
    ],
    [
      'a right that a transaction lacks',
      thrown(7, '7 PERMISSION_DENIED: invalid transaction'),
      false,
      false,
      /names the role/,
    ],
    ['its own failure', thrown(13, '13 INTERNAL'), true, true, /see `cause`/],
    ['a failure without a code', thrown(undefined, 'something broke'), true, true, /see `cause`/],
    ['no error at all', undefined, true, true, /see `cause`/],
    ['a quota', thrown(8, '8 RESOURCE_EXHAUSTED'), true, false, /quota/],
    ['no right', thrown(7, '7 PERMISSION_DENIED'), false, false, /names the role/],
    ['a stranger', thrown(16, '16 UNAUTHENTICATED'), false, false, /does not know these credentials/],
    ['no project', thrown(5, '5 NOT_FOUND'), false, false, /no such project/],
    ['another mode', thrown(9, '9 FAILED_PRECONDITION'), false, false, /Firestore in Datastore mode/],
    ['what is invalid', thrown(3, '3 INVALID_ARGUMENT: too long'), false, false, /does not take the call/],
    [
      'no credentials',
      thrown(undefined, 'Could not load the default credentials.'),
      false,
      false,
      /Application Default/,
    ],
  ];

describe.each([...Object.entries(READS), ...Object.entries(WRITES)])('%s', (verb, act) => {
  test.each(CASES)('that meets %s when it reads says so', async (_what, error, retryable, _unknown, says) => {
    const failure = await failureOf(act, error, 'read');
    expect([failure.code, failure.retryable, failure.outcome]).toEqual(['STORE_FAILED', retryable, 'none']);
    expect(failure.message).toMatch(new RegExp(`^Datastore store, ${verb === 'readMany' ? 'read' : verb}: `));
    expect(failure.message).toMatch(says);
    expect(JSON.stringify(failure.cause)).not.toContain('hunter2');
  });
});

describe.each([...Object.entries(WRITES), ...Object.entries(SINGLE)])('%s', (_verb, act) => {
  test.each(CASES)('that meets %s when it commits says so', async (_what, error, retryable, unknown, says) => {
    const failure = await failureOf(act, error, 'commit');
    const outcome = unknown ? 'unknown' : 'none';
    expect([failure.code, failure.retryable, failure.outcome]).toEqual(['STORE_FAILED', retryable, outcome]);
    expect(failure.message).toMatch(says);
  });
});

const ABORTED = thrown(10, `10 ABORTED: too much contention on these entities: (app=shop, sessions, "${KEY}")`);

test.each(Object.entries({ ...WRITES, ...SINGLE }).filter(([verb]) => verb !== 'sweep'))(
  '%s that another writer was faster than may be made again, has written nothing and names no key',
  async (_verb, act) => {
    const failure = await failureOf(act, ABORTED, 'commit');
    expect([failure.retryable, failure.outcome]).toEqual([true, 'none']);
    expect(String(failure.cause)).toContain('too much contention');
    expect(failure.message + String(failure.cause)).not.toContain(KEY);
  },
);

test('sweep leaves what another writer is at', async () => {
  const store = await openDatastore({ client: failing(ABORTED, 'commit') });
  expect(await store.sweep?.(10, 5)).toBe(0);
});

test('a transaction that Datastore has forgotten has written nothing and may be made again', async () => {
  const forgotten = thrown(3, '3 INVALID_ARGUMENT: The referenced transaction has expired or is no longer valid.');
  const failure = await failureOf((store) => store.update(KEY, 'v', '{}', 5), forgotten, 'commit');
  expect([failure.retryable, failure.outcome]).toEqual([true, 'none']);
});

test('a store that was closed says so', async () => {
  const store = await openDatastore({ client: failing(undefined, 'commit') });
  await store.close?.();
  for (const act of Object.values({ ...READS, ...WRITES, ...SINGLE })) {
    await expect(act(store)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
  }
});

test('a client that does not begin a transaction by its first read is refused', async () => {
  const client = failing(undefined, 'commit');
  const transaction = { ...client.transaction(), id: undefined };
  const opening = openDatastore({ client: { ...client, transaction: () => transaction } });
  await expect(opening).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(/too old/) });
});
