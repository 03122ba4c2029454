import { describe, expect, test } from 'vitest';
import { openRedis } from '../../src/store/redis.ts';
import { slotOf } from '../../src/store/redis-slot.ts';
import { parseRedisUrl } from '../../src/store/redis-url.ts';
import { storeFromUrl } from '../../src/url.ts';

const plain = {
  mode: 'single',
  tls: false,
  hosts: [{ host: '127.0.0.1', port: 6379 }],
  name: '',
  username: undefined,
  password: undefined,
  database: 0,
};

describe('a Redis URL', () => {
  test.each([
    ['redis:', plain],
    ['redis://', plain],
    ['redis:///3', { ...plain, database: 3 }],
    ['redis://cache', { ...plain, hosts: [{ host: 'cache', port: 6379 }] }],
    ['redis://cache:7000/', { ...plain, hosts: [{ host: 'cache', port: 7000 }] }],
    ['redis://[::1]:7000/15', { ...plain, hosts: [{ host: '::1', port: 7000 }], database: 15 }],
    ['redis://:s3cret@cache', { ...plain, hosts: [{ host: 'cache', port: 6379 }], password: 's3cret' }],
    ['redis://ann@cache', { ...plain, hosts: [{ host: 'cache', port: 6379 }], username: 'ann' }],
    [
      'rediss://ann:p%40ss%3Aw%2Frd:x@cache:6380/2',
      {
        ...plain,
        tls: true,
        hosts: [{ host: 'cache', port: 6380 }],
        username: 'ann',
        password: 'p@ss:w/rd:x',
        database: 2,
      },
    ],
    [
      'redis+cluster://a:1,b:2,[::1]:3',
      {
        ...plain,
        mode: 'cluster',
        hosts: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: '::1', port: 3 },
        ],
      },
    ],
    [
      'rediss+cluster://:pw@a',
      { ...plain, mode: 'cluster', tls: true, hosts: [{ host: 'a', port: 6379 }], password: 'pw' },
    ],
    [
      'redis+sentinel://u:pw@a,b:2/my%20master/4',
      {
        ...plain,
        mode: 'sentinel',
        hosts: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 2 },
        ],
        name: 'my master',
        username: 'u',
        password: 'pw',
        database: 4,
      },
    ],
  ])('%s is understood', (url, target) => {
    expect(parseRedisUrl(url)).toEqual(target);
  });

  test.each([
    '',
    'http://ann:hunter2@cache',
    'redis://ann:hunter2@cache:port',
    'redis://ann:hunter2@cache:0',
    'redis://ann:hunter2@cache:70000',
    'redis://ann:hunter2@cache/one',
    'redis://ann:hunter2@cache/1/2',
    'redis://ann:hunter2@cache/-1',
    'redis://ann:hunter2@a,b',
    'redis://ann:hunter2@cache?db=3',
    'redis://ann:hunter2@cache#3',
    'redis://ann:hunter2@@cache',
    'redis://ann:hunter2%@cache',
    'redis://ann:hun/ter2@cache',
    'redis://ann:hunter2@::1',
    'redis+cluster://ann:hunter2@a,b/3',
    'redis+sentinel://ann:hunter2@a,b',
    'redis+sentinel://ann:hunter2@a,b/',
    'redis+other://ann:hunter2@a',
  ])('%s is refused, and not repeated', async (url) => {
    const error = await openRedis({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID', message: expect.stringMatching(/^Redis store: /) });
    expect(String(error)).not.toMatch(/hunter2|ter2|cache:/);
  });

  test.each(['redis:', 'rediss:', 'redis+cluster:', 'redis+sentinel:', 'rediss+cluster:', 'rediss+sentinel:'])(
    '%s is one that storeFromUrl opens',
    async (scheme) => {
      await expect(storeFromUrl(`${scheme}//ann:hunter2@host:port/x`)).rejects.toThrow(/^Redis store: /);
    },
  );
});

test('the slot of a key is that of the Redis Cluster specification, by its hash tag where it has one', () => {
  // From CLUSTER KEYSLOT of Redis 7.0.
  expect(slotOf('123456789')).toBe(12739);
  expect(slotOf('foo')).toBe(12182);
  expect(slotOf('{foo}bar')).toBe(12182);
  expect(slotOf('x{foo}{bar}')).toBe(12182);
  expect(slotOf('{}foo')).toBe(9500);
  expect(slotOf('é')).toBe(slotOf('{é}1'));
});
