import { expect, test } from 'vitest';
import { givenUp, mongodbFailure, refusedWrite } from '../../src/store/mongodb-errors.ts';

const SECRET = 'hunter2';

/** As a driver throws it: its errors have their name by a getter. */
function thrown(name: string, fields: object = {}, message = `they quote ${SECRET}`): Error {
  return Object.assign(Object.defineProperty(new Error(message), 'name', { value: name }), fields);
}

test.each([
  ['MongoServerSelectionError', {}, 'none', true, /no connection/],
  ['MongoWaitQueueTimeoutError', {}, 'none', true, /maxPoolSize/],
  ['MongoPoolClearedError', {}, 'none', true, /no connection/],
  ['MongoTopologyClosedError', {}, 'none', false, /client was closed/],
  ['MongoNotConnectedError', {}, 'none', false, /client was closed/],
  ['MongoClientClosedError', {}, 'unknown', false, /client was closed/],
  ['MongoNetworkError', {}, 'unknown', true, /broke before the answer/],
  ['PoolClearedOnNetworkError', {}, 'unknown', true, /broke before the answer/],
  ['MongoNetworkTimeoutError', {}, 'unknown', true, /broke before the answer/],
  ['MongoNetworkError', { beforeHandshake: true }, 'none', true, /no connection/],
  ['MongoNetworkError', { hasErrorLabel: (label: string) => label === 'HandshakeError' }, 'none', true, /no conn/],
  ['MongoServerError', { code: 18, hasErrorLabel: () => true }, 'none', false, /user with this password/],
  ['MongoServerError', { code: 8000, hasErrorLabel: () => true }, 'none', false, /user with this password/],
  ['MongoServerError', { code: 334, hasErrorLabel: () => true }, 'none', false, /user with this password/],
  ['MongoServerError', { code: 13, hasErrorLabel: () => true }, 'none', false, /user with this password/],
  // A node that is starting or stopping says so to whoever shakes hands with it.
  ['MongoServerError', { code: 11600, hasErrorLabel: () => true }, 'none', true, /no connection/],
  ['MongoServerError', { code: 11602, hasErrorLabel: () => true }, 'none', true, /no connection/],
  ['MongoServerError', { code: 91, hasErrorLabel: () => true }, 'none', true, /no connection/],
  ['MongoServerError', { code: 13436, hasErrorLabel: () => true }, 'none', true, /no connection/],
  ['MongoServerError', { hasErrorLabel: () => true }, 'none', true, /no connection/],
  ['MongoServerError', { code: 133 }, 'none', true, /no primary/],
  ['MongoServerError', { code: 2 }, 'none', false, /its error 2/],
  ['MongoServerError', { code: 13 }, 'none', false, /may not do that: docs\/stores\/mongodb\.md/],
  ['MongoServerError', { code: 10107 }, 'none', true, /no primary/],
  ['MongoServerError', { code: 189 }, 'unknown', true, /stepped down/],
  ['MongoServerError', { code: 11600 }, 'unknown', true, /stepped down/],
  ['MongoServerError', { code: 50 }, 'unknown', true, /took too long/],
  ['MongoServerError', { code: 85 }, 'none', false, /another index/],
  ['MongoServerError', { code: 14031 }, 'none', false, /disk of MongoDB is full/],
  ['MongoServerError', { code: 1 }, 'unknown', false, /error of its own/],
  ['MongoServerError', {}, 'unknown', false, /error of its own/],
  ['MongoServerError', { code: 4242 }, 'unknown', false, /its error 4242/],
  ['MongoWriteConcernError', { code: 64 }, 'unknown', false, /majority/],
  ['MongoCompatibilityError', {}, 'none', false, /version of the driver/],
  ['BSONError', {}, 'none', false, /cannot encode/],
  ['TypeError', {}, 'unknown', false, /the driver failed/],
])('%s %j of a write: outcome %s, retryable %s', (name, fields, outcome, retryable, message) => {
  const error = mongodbFailure(thrown(name, fields), 'update', 'unknown');
  expect(error).toMatchObject({ code: 'STORE_FAILED', outcome, retryable, message: expect.stringMatching(message) });
  expect(error.message).toMatch(/^MongoDB store, update: /);
  expect(error.message).not.toContain(SECRET);
});

test('of a read the outcome is none, whatever happened', () => {
  for (const name of ['MongoNetworkError', 'MongoWriteConcernError', 'TypeError', 'MongoServerError']) {
    expect(mongodbFailure(thrown(name, { code: 189 }), 'read', 'none').outcome).toBe('none');
  }
});

test('a call that was given up may have been done, also where a driver puts the reason into a cause', () => {
  const expected = { outcome: 'unknown', retryable: true, message: expect.stringMatching(/did not answer in time/) };
  expect(mongodbFailure(givenUp(), 'put', 'unknown')).toMatchObject(expected);
  expect(mongodbFailure(new Error('aborted', { cause: givenUp() }), 'put', 'unknown')).toMatchObject(expected);
});

test.each([
  [121, 'none', false, /validator/],
  [10334, 'none', false, /16 MB/],
  [112, 'none', true, /another write/],
  [11000, 'none', true, /same moment/],
  [91, 'unknown', true, /shut down/],
  [2, 'none', false, /its error 2/],
  [undefined, 'unknown', false, /its error/],
])('a single write that is refused with %s: outcome %s, retryable %s', (code, outcome, retryable, message) => {
  const error = refusedWrite(code, 'put');
  expect(error).toMatchObject({ code: 'STORE_FAILED', outcome, retryable, message: expect.stringMatching(message) });
  expect(error.cause).toBeUndefined();
});

test('a cause keeps nothing that a server quotes: neither keys nor documents nor what fields the driver adds', () => {
  const fields = {
    code: 13,
    codeName: 'Unauthorized',
    errorResponse: { errmsg: SECRET },
    errInfo: { details: SECRET },
  };
  const { cause } = mongodbFailure(thrown('MongoServerError', fields), 'read', 'none');
  expect(cause).toMatchObject({ name: 'MongoServerError', message: 'Unauthorized (13)', code: 13 });
  expect(JSON.stringify({ ...(cause as object) }) + String((cause as Error).stack)).not.toContain(SECRET);
});

test('a cause keeps what the network said, and no login', () => {
  const error = thrown('MongoServerSelectionError', {}, `connect ECONNREFUSED mongodb://ann:${SECRET}@127.0.0.1:1`);
  const { cause } = mongodbFailure(error, 'read', 'none');
  expect(String(cause)).toBe('MongoServerSelectionError: connect ECONNREFUSED mongodb://127.0.0.1:1');
});
