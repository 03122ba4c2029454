import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { redisFailure } from '../../src/store/redis-errors.ts';

const KEY = 'coatcheck:5ec2e7';

class ErrorReply extends Error {}
class SimpleError extends ErrorReply {}
class ReplyError extends Error {}

describe('what Redis answers instead of doing anything', () => {
  test.each([
    [
      "OOM command not allowed when used memory > 'maxmemory'.",
      false,
      /raise maxmemory, and keep maxmemory-policy noeviction/,
    ],
    [
      'ERR Error running script (call to f_x): @user_script:3: -OOM command not allowed',
      false,
      /keep maxmemory-policy noeviction/,
    ],
    ["MISCONF Redis is configured to save RDB snapshots, but it's currently unable to", false, /disk/],
    ['NOAUTH Authentication required.', false, /password/],
    ['WRONGPASS invalid username-password pair or user is disabled.', false, /password/],
    ["NOPERM this user has no permissions to run the 'get' command", false, /may not/],
    ['WRONGTYPE Operation against a key holding the wrong kind of value', false, /no record of coatcheck/],
    ["READONLY You can't write against a read only replica.", true, /replica/],
    ['LOADING Redis is loading the dataset in memory', true, /loading/],
    ['CLUSTERDOWN The cluster is down', true, /cluster/],
    ['TRYAGAIN Multiple keys request during rehashing of slot', true, /moving/],
    ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", true, /primary/],
    ['NOREPLICAS Not enough good replicas to write.', true, /replicas/],
    ['BUSY Redis is busy running a script.', true, /script/],
    ['ERR something else', false, /refused/],
  ])('%s: nothing was written, and again is worth it: %s', (message, retryable, advice) => {
    for (const Type of [SimpleError, ReplyError]) {
      const error = redisFailure(new Type(message), 'update', 'unknown');
      expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable, status: 503 });
      expect(error.message).toMatch(/^Redis store, update: .*\.$/);
      expect(error.message).toMatch(advice);
    }
  });

  test('leaves in doubt what was begun before', () => {
    expect(redisFailure(new ReplyError('OOM command'), 'create', 'unknown', true)).toMatchObject({
      outcome: 'unknown',
    });
  });
});

describe('a connection', () => {
  test.each([
    'The client is offline',
    "Stream isn't writeable and enableOfflineQueue options is false",
    "Cluster isn't ready and enableOfflineQueue options is false",
    'no valid master node',
  ])('that is not there (%s) has written nothing', (message) => {
    expect(redisFailure(new Error(message), 'put', 'unknown')).toMatchObject({ outcome: 'none', retryable: true });
  });

  test.each(['Socket closed unexpectedly', 'read ECONNRESET', 'Connection is closed.', 'Disconnects client'])(
    'that broke (%s) leaves a write in doubt, and a read not',
    (message) => {
      expect(redisFailure(new Error(message), 'put', 'unknown')).toMatchObject({ outcome: 'unknown', retryable: true });
      expect(redisFailure(new Error(message), 'read', 'none')).toMatchObject({ outcome: 'none', retryable: true });
    },
  );
});

describe('an error', () => {
  test('of ours stays as it is', () => {
    const error = new CoatcheckError('STORE_FAILED', 'ours');
    expect(redisFailure(error, 'read', 'none')).toBe(error);
  });

  test('shows no key and no value, neither itself nor by its cause', () => {
    const quoting = new ReplyError(
      `ERR unknown command 'EVALSHA', with args beginning with: 'abc' '1' '${KEY}' 'value' `,
    );
    const carrying = Object.assign(new ReplyError('ERR no'), { command: { name: 'set', args: [KEY, 'value'] } });
    for (const error of [quoting, carrying]) {
      const failure = redisFailure(error, 'update', 'unknown');
      expect(inspect(failure, { depth: 9 })).not.toMatch(/5ec2e7|'value'/);
      expect((failure.cause as Error).message).toMatch(/^ERR /);
    }
  });

  test('keeps the code of its cause, and takes whatever was thrown', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    expect(redisFailure(refused, 'opening', 'none').cause).toMatchObject({
      message: 'ECONNREFUSED',
      code: 'ECONNREFUSED',
    });
    expect(redisFailure('text', 'read', 'none')).toMatchObject({ code: 'STORE_FAILED' });
  });
});
