import { describe, expect, it } from 'vitest';
import { safeNext } from '../../src/login/index.ts';

const GOOD: readonly [sent: string, goes: string][] = [
  ['/', '/'],
  ['/secret', '/secret'],
  ['/secret?a=1&b=%2F%2Fevil.example', '/secret?a=1&b=%2F%2Fevil.example'],
  ['/a/b/../c', '/a/c'],
  ['/caf%C3%A9#top', '/caf%C3%A9#top'],
  ['/é', '/%C3%A9'],
  ['/@evil.example', '/@evil.example'],
  ['/a:b', '/a:b'],
  ['/?next=https://evil.example', '/?next=https://evil.example'],
];

const BAD: readonly unknown[] = [
  'https://evil.example',
  'http://evil.example/',
  'HTTPS://evil.example',
  '//evil.example',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '\\/evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r\n/evil.example',
  '\t//evil.example',
  ' //evil.example',
  ' /secret',
  '/\u0000/evil.example',
  '/\u00a0/evil.example',
  '/\u3000/evil.example',
  '/\u2028/evil.example',
  '/%09/evil.example',
  '/%0a/evil.example',
  '/%0d%0aSet-Cookie:%20a=1',
  '/%5cevil.example',
  '/%5Cevil.example',
  '/%2f%2fevil.example',
  '/%2Fevil.example',
  '/..//evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/%2e%2e//evil.example',
  '/a/../..//evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,hi',
  'secret',
  '../secret',
  '?next',
  '#top',
  '',
  ':80',
  `/${'a'.repeat(3000)}`,
  '\ud800',
  undefined,
  null,
  42,
  ['/secret'],
  { toString: () => '/secret' },
];

describe('safeNext', () => {
  it.each(GOOD)('gives %j as %j', (sent, goes) => expect(safeNext(sent)).toBe(goes));

  it.each(BAD.map((sent) => [sent]))('gives the fallback for %j', (sent) => {
    expect(safeNext(sent)).toBe('/');
    expect(safeNext(sent, '/home')).toBe('/home');
  });

  it('gives what browsers read as a path of the same site, whatever is sent', () => {
    for (const sent of [...GOOD.map(([text]) => text), ...BAD]) {
      const goes = new URL(safeNext(sent), 'https://app.example/login');
      expect([sent, goes.origin]).toEqual([sent, 'https://app.example']);
    }
  });
});
