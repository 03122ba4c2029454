import { describe, expect, test } from 'vitest';
import { openMemcached } from '../../src/store/memcached.ts';
import { parseMemcachedUrl } from '../../src/store/memcached-url.ts';

const LOCAL = { host: '127.0.0.1', port: 11211, name: '127.0.0.1:11211' };

describe('a memcached URL', () => {
  test.each([
    ['memcached:', [LOCAL]],
    ['memcached://', [LOCAL]],
    ['memcached://cache', [{ host: 'cache', port: 11211, name: 'cache:11211' }]],
    ['memcached://Cache:7000/', [{ host: 'cache', port: 7000, name: 'cache:7000' }]],
    [
      'memcached://a,b:2,[::1]:3',
      [
        { host: 'a', port: 11211, name: 'a:11211' },
        { host: 'b', port: 2, name: 'b:2' },
        { host: '::1', port: 3, name: '[::1]:3' },
      ],
    ],
  ])('%s names servers', (url, servers) => {
    expect(parseMemcachedUrl(url)).toEqual({ servers, login: undefined });
  });

  test('has user and password, percent-decoded', () => {
    const { login } = parseMemcachedUrl('memcached://ann:p%40ss%3Aw%2Frd:x@cache');
    expect(login).toEqual({ username: 'ann', password: 'p@ss:w/rd:x' });
  });

  test.each([
    'memcached://geheim@cache',
    'memcached://:geheim@cache',
    'memcached://geheim:@cache',
    'memcached://ann:geheim%@cache',
    'memcached://ann:geheim@cache/0',
    'memcached://ann:geheim@cache?x=1',
    'memcached://ann:geheim@a:0',
    'memcached://ann:geheim@a:65536',
    'memcached://ann:geheim@a b',
    'memcached://ann:geheim@a,a:11211',
    'memcached+tls://ann:geheim@a',
  ])('%s is refused, and not repeated', async (url) => {
    const error = await openMemcached({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_URL_INVALID', message: expect.stringMatching(/^memcached store: /) });
    expect(String(error)).not.toContain('geheim');
  });
});

test.each([
  [{}, /either `url` or `servers`/],
  [{ url: 'memcached:', servers: ['a'] }, /either `url` or `servers`/],
  [{ url: 5 }, /`url` must be text/],
  [{ url: 'memcached:', username: 'ann', password: 'x' }, /stand in `url`/],
  [{ servers: 'a' }, /list of texts/],
  [{ servers: [] }, /list of texts/],
  [{ servers: [''] }, /list of texts/],
  [{ servers: ['a:b:c'] }, /host:port/],
  [{ servers: ['a:99999'] }, /1 to 65535/],
  [{ servers: ['a', 'A:11211'] }, /named twice/],
  [{ servers: ['a'], username: 'ann' }, /belong together/],
  [{ servers: ['a'], username: 'ann', password: 'hunter 2' }, /without blanks/],
  [{ servers: ['a'], username: 'ann\r\n', password: 'hunter2' }, /without blanks/],
  [{ url: 'memcached:', prefix: 'a b' }, /printable characters of ASCII/],
  [{ url: 'memcached:', prefix: 'x'.repeat(101) }, /1 to 100/],
  [{ url: 'memcached:', prefix: '' }, /1 to 100/],
])('%j is refused, with what is wrong', async (options, message) => {
  const error = await openMemcached(options as never).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringMatching(message) });
  expect(String(error)).not.toContain('hunter');
});
