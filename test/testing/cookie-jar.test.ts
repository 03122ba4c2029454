import { describe, expect, test } from 'vitest';
import { CookieJar } from '../../src/testing/cookie-jar.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';

describe('a cookie jar', () => {
  test('sends back what it was given, and nothing where it has nothing', () => {
    const jar = new CookieJar();
    expect(jar.header()).toBeUndefined();
    expect(jar.headers()).toEqual({});
    jar.store(['a=1; Path=/; HttpOnly', 'b="x=y"; Path=/']);
    expect(jar.header('/any?q')).toBe('a=1; b="x=y"');
    expect(jar.headers()).toEqual({ cookie: 'a=1; b="x=y"' });
    expect([jar.get('b'), jar.get('c'), jar.names()]).toEqual(['"x=y"', undefined, ['a', 'b']]);
    jar.clear();
    expect(jar.names()).toEqual([]);
  });

  test('replaces a cookie of the same name and path, and deletes it by Max-Age or a past Expires', () => {
    const jar = new CookieJar();
    jar.store(['a=1; Path=/', 'a=2; Path=/', 'b=1; Path=/']);
    expect(jar.header()).toBe('a=2; b=1');
    jar.store(['a=; Path=/; Max-Age=0; Expires=Wed, 01 Jan 2200 00:00:00 GMT']);
    jar.store(['b=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT']);
    expect(jar.header()).toBeUndefined();
  });

  test('lets cookies expire by its clock', () => {
    const clock = fakeClock(Date.UTC(2030, 0, 1));
    const jar = new CookieJar({ clock });
    jar.store(['a=1; Max-Age=60', 'b=1; Expires=Tue, 01 Jan 2030 00:02:00 GMT', 'c=1']);
    clock.tick('61s');
    expect(jar.names()).toEqual(['b', 'c']);
    clock.tick('1h');
    expect(jar.names()).toEqual(['c']);
  });

  test('sends cookies only below their path, the longest path first', () => {
    const jar = new CookieJar();
    jar.store(['a=1; Path=/', 'b=2; Path=/app', 'a=3; Path=/app/x/']);
    jar.store(['d=4'], { path: '/app/page' });
    expect(jar.header('/app/x/y')).toBe('a=3; b=2; d=4; a=1');
    expect(jar.header('/app')).toBe('b=2; d=4; a=1');
    expect(jar.header('/apple')).toBe('a=1');
  });

  test('keeps Secure cookies off plain http, both ways', () => {
    const jar = new CookieJar();
    jar.store(['a=1; Secure'], { secure: false });
    expect(jar.names()).toEqual([]);
    jar.store(['a=1; Secure; Path=/']);
    expect(jar.header('/', { secure: false })).toBeUndefined();
    jar.store(['a=evil; Path=/'], { secure: false });
    expect(jar.header()).toBe('a=1');
  });

  test.each([
    '__Host-a=1; Path=/',
    '__Host-a=1; Secure',
    '__Host-a=1; Secure; Path=/x',
    '__host-a=1; Secure; Path=/; Domain=example.org',
    '__Secure-a=1; Path=/',
    '=1; Path=/',
    '',
  ])('refuses %j', (line) => {
    const jar = new CookieJar();
    jar.store([line]);
    expect(jar.names()).toEqual([]);
  });

  test('takes a __Host- cookie that keeps the rules', () => {
    const jar = new CookieJar();
    jar.store(['__Host-a=1; Secure; Path=/']);
    expect(jar.get('__Host-a')).toBe('1');
  });
});
