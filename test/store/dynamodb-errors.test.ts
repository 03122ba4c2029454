import { describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import type { DynamodbClient } from '../../src/store/dynamodb.ts';
import { openDynamodb } from '../../src/store/dynamodb.ts';

const KEY = 'a'.repeat(64);
const SECRET = 'hunter2';
const AT_ONCE = { httpStatusCode: 400, attempts: 1 };

/** What the SDK throws: its errors carry the whole answer, and some of them the headers of the request. */
function thrown(name: string, more: object = {}, message = `of ${name}`): Error {
  return Object.assign(new Error(message), { name, $response: { body: SECRET }, ...more });
}

/** A client that answers the opening and fails from then on. */
function failing(error: unknown): DynamodbClient {
  let calls = 0;
  return {
    async send() {
      if (calls++ === 0) return {};
      throw error;
    },
  };
}

const VERBS = {
  read: (store) => store.read(KEY),
  readMany: (store) => store.readMany?.([KEY, KEY]),
  create: (store) => store.create(KEY, '{}', 5),
  update: (store) => store.update(KEY, 'v', '{}', 5),
  touch: (store) => store.touch(KEY, 'v', 5),
  destroy: (store) => store.destroy(KEY),
  put: (store) => store.put(KEY, '{}', 5),
  listOwned: (store) => store.listOwned?.('ann'),
  forget: (store) => store.forget?.('ann', KEY),
  scan: (store) => store.scan?.(undefined, 5),
} satisfies Record<string, (store: Awaited<ReturnType<typeof openDynamodb>>) => unknown>;
const WRITES = ['create', 'update', 'touch', 'destroy', 'put', 'forget'];

async function failureOf(verb: keyof typeof VERBS, error: unknown): Promise<CoatcheckError> {
  const store = await openDynamodb({ client: failing(error) });
  const failure = await Promise.resolve(VERBS[verb](store)).catch((caught: unknown) => caught);
  if (!(failure instanceof CoatcheckError)) throw new Error(`${verb} did not fail as it must`);
  return failure;
}

/** Error of the SDK; whether the call may be made again, whether a write may have happened, what is to be done. */
const CASES: readonly (readonly [what: string, error: unknown, retryable: boolean, unknown: boolean, says: RegExp])[] =
  [
    ['throttling', thrown('ThrottlingException', { $metadata: AT_ONCE }), true, false, /raise its throughput/],
    [
      'throughput',
      thrown('ProvisionedThroughputExceededException', { $metadata: AT_ONCE }),
      true,
      false,
      /raise its throughput/,
    ],
    ['a transaction', thrown('TransactionConflictException', { $metadata: AT_ONCE }), true, false, /holds the item/],
    [
      'no table',
      thrown('ResourceNotFoundException', { $metadata: AT_ONCE }),
      false,
      false,
      /no such table.*createTable/,
    ],
    ['no right', thrown('AccessDeniedException', { $metadata: AT_ONCE }), false, false, /lists the actions/],
    [
      'a stranger',
      thrown('UnrecognizedClientException', { $metadata: AT_ONCE }),
      false,
      false,
      /look at the access key/,
    ],
    ['expired', thrown('ExpiredTokenException', { $metadata: AT_ONCE }), false, false, /renew them/],
    ['no credentials', thrown('CredentialsProviderError'), false, false, /no AWS credentials/],
    ['other keys', thrown('ValidationException', { $metadata: AT_ONCE }), false, false, /the keys `pk` and `sk`/],
    [
      'some refusal',
      thrown('TeapotException', { $metadata: { httpStatusCode: 418, attempts: 1 } }),
      false,
      false,
      /see `cause`/,
    ],
    [
      'nobody there',
      thrown('Error', { code: 'ECONNREFUSED', $metadata: { attempts: 1 } }),
      true,
      false,
      /cannot be reached now/,
    ],
    [
      'no such host',
      thrown('Error', { code: 'ENOTFOUND', $metadata: { attempts: 1 } }),
      true,
      false,
      /cannot be reached now/,
    ],
    [
      'nobody there, by a client that does not say how often it tried',
      thrown('Error', { code: 'ECONNREFUSED' }),
      true,
      true,
      /cannot be reached now/,
    ],
    ...[408, 425, 499].map(
      (httpStatusCode) =>
        [
          `a ${httpStatusCode} of something on the way`,
          thrown('Error', { $metadata: { httpStatusCode, attempts: 1 } }),
          true,
          true,
          /broke before/,
        ] as const,
    ),
    ['cut', thrown('Error', { code: 'ECONNRESET' }), true, true, /broke before the answer came/],
    ['too late', thrown('AbortError'), true, true, /did not answer in time/],
    [
      'its own failure',
      thrown('InternalServerError', { $metadata: { httpStatusCode: 500 } }),
      true,
      true,
      /broke before/,
    ],
    ['no error at all', undefined, true, true, /broke before/],
    [
      'throttling that came after an attempt nobody answered',
      thrown('ThrottlingException', { $metadata: { httpStatusCode: 400, attempts: 3 } }),
      true,
      true,
      /raise its throughput/,
    ],
  ];

describe.each(Object.keys(VERBS) as (keyof typeof VERBS)[])('%s', (verb) => {
  test.each(CASES)('that meets %s says so', async (_what, error, retryable, unknown, says) => {
    const failure = await failureOf(verb, error);
    const outcome = unknown && WRITES.includes(verb) ? 'unknown' : 'none';
    expect([failure.code, failure.retryable, failure.outcome]).toEqual(['STORE_FAILED', retryable, outcome]);
    const called = verb === 'readMany' ? 'read' : verb;
    expect(failure.message).toMatch(new RegExp(`^DynamoDB store, ${called}: `));
    expect(failure.message).toMatch(says);
    expect(JSON.stringify(failure.cause) + String(failure.cause)).not.toContain(SECRET);
  });
});

test('an error of a signature loses the headers that it repeats', async () => {
  const message = `The request signature does not match.\n\nThe Canonical String for this request was\n'${SECRET}'`;
  const failure = await failureOf('read', thrown('InvalidSignatureException', { $metadata: AT_ONCE }, message));
  expect(failure.message).toMatch(/access key, its secret and the clock/);
  expect(String(failure.cause)).toBe('InvalidSignatureException: The request signature does not match.');
});

test('the record that a refusal brings stays out of errors', async () => {
  const error = thrown('ConditionalCheckFailedException', { $metadata: AT_ONCE, Item: { pk: { S: KEY }, x: SECRET } });
  for (const verb of ['create', 'update', 'touch'] as const) {
    const failure = await failureOf(verb, error);
    expect([failure.message, failure.outcome, failure.cause]).toEqual([
      expect.stringMatching(/no record of coatcheck: give coatcheck a table of its own/),
      'none',
      undefined,
    ]);
  }
});

test('a failure of the owner’s list behind a record that was written leaves the outcome unknown', async () => {
  let calls = 0;
  const client: DynamodbClient = {
    async send() {
      if (calls++ < 2) return {};
      throw thrown('ThrottlingException', { $metadata: AT_ONCE });
    },
  };
  const store = await openDynamodb({ client });
  const failing = store.create(KEY, '{}', 5, { name: 'ann', until: 5 });
  await expect(failing).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'unknown' });
});

test('keys that a batch left out are errors of those records alone, which may be asked for again', async () => {
  const item = {
    pk: { S: KEY },
    sk: { S: 'record' },
    document: { S: '{}' },
    version: { S: 'v' },
    expiresAt: { N: '5' },
  };
  const left = { pk: { S: 'left' }, sk: { S: 'record' } };
  const client: DynamodbClient = {
    send: async () => ({ Responses: { sessions: [item] }, UnprocessedKeys: { sessions: { Keys: [left] } } }),
  };
  const store = await openDynamodb({ client, table: 'sessions' });
  expect(await store.readMany?.(['left', KEY, 'missing'])).toEqual([
    expect.objectContaining({ code: 'STORE_FAILED', retryable: true, outcome: 'none' }),
    expect.objectContaining({ document: '{}' }),
    undefined,
  ]);
});

test('keys that a batch left out are asked for once more', async () => {
  const item = { sk: { S: 'record' }, document: { S: '{}' }, version: { S: 'v' }, expiresAt: { N: '5' } };
  const asked: unknown[] = [];
  const client: DynamodbClient = {
    async send(command) {
      const { RequestItems } = (command as { input: { RequestItems?: { sessions: { Keys: { pk: object }[] } } } })
        .input;
      if (RequestItems === undefined) return {};
      const [first, ...left] = RequestItems.sessions.Keys;
      asked.push(RequestItems.sessions.Keys.length);
      return { Responses: { sessions: [{ ...item, pk: first?.pk }] }, UnprocessedKeys: { sessions: { Keys: left } } };
    },
  };
  const store = await openDynamodb({ client, table: 'sessions' });
  expect(await store.readMany?.([KEY, 'left'])).toMatchObject([{ document: '{}' }, { document: '{}' }]);
  expect(asked).toEqual([2, 1]);
});

test('a store that was closed says so, and sends nothing', async () => {
  let calls = 0;
  const store = await openDynamodb({ client: { send: async () => ({ calls: calls++ }) } });
  await store.close?.();
  for (const verb of Object.values(VERBS)) {
    await expect(verb(store)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
  }
  expect(calls).toBe(1);
});
