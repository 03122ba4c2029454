import { describe, expect, it } from 'vitest';
import type { CookieAttributes } from '../../src/cookie/attributes.ts';
import { serializeCookie, serializeDeletion } from '../../src/cookie/serialize.ts';
import { thrown } from '../keys/helpers.ts';

const HOST: CookieAttributes = { secure: true, httpOnly: true, path: '/', sameSite: 'lax' };

describe('serializeCookie', { timeout: 60_000 }, () => {
  it('writes all attributes in one fixed order', () => {
    const attributes: CookieAttributes = {
      priority: 'high',
      sameSite: 'strict',
      path: '/app',
      httpOnly: true,
      secure: true,
      maxAge: 60,
      expires: Date.UTC(2027, 0, 2, 3, 4, 5, 678),
      domain: 'example.com',
    };
    expect(serializeCookie('a', 'b', attributes)).toBe(
      'a=b; Domain=example.com; Expires=Sat, 02 Jan 2027 03:04:05 GMT; Max-Age=60; Secure; HttpOnly; Path=/app; SameSite=Strict; Priority=High',
    );
    expect(serializeCookie('a', 'b', { secure: true, sameSite: 'none', partitioned: true, priority: 'low' })).toBe(
      'a=b; Secure; SameSite=None; Partitioned; Priority=Low',
    );
    expect(serializeCookie('a', '')).toBe('a=');
  });

  it('writes a leading dot of the domain away, as browsers do', () => {
    expect(serializeCookie('a', 'b', { domain: '.example.com' })).toBe('a=b; Domain=example.com');
  });

  // R44
  it('refuses a separator, control character or non-ASCII character in any place', () => {
    const bad = [
      ';',
      '\r',
      '\n',
      '\r\n',
      '\0',
      '\x7f',
      '\x01',
      '\t',
      '; HttpOnly',
      '\r\nSet-Cookie: a=b',
      'é',
      '\u2028',
    ];
    for (const text of [...bad, ',x;', '\u{1F600}', '\uD800']) {
      for (const where of [text, `a${text}`, `${text}a`, `a${text}a`]) {
        const codes = [
          thrown(() => serializeCookie(where, 'v')).code,
          thrown(() => serializeCookie('n', where)).code,
          thrown(() => serializeCookie('n', 'v', { path: `/${where}` })).code,
          thrown(() => serializeCookie('n', 'v', { domain: where })).code,
          thrown(() => serializeCookie('n', 'v', { sameSite: where as 'lax' })).code,
          thrown(() => serializeCookie('n', 'v', { priority: where as 'low' })).code,
          thrown(() => serializeCookie('n', 'v', { expires: where as unknown as number })).code,
          thrown(() => serializeCookie('n', 'v', { maxAge: where as unknown as number })).code,
          thrown(() => serializeCookie('n', 'v', { secure: where as unknown as boolean })).code,
        ];
        expect(codes, JSON.stringify(where)).toEqual(Array(9).fill('COOKIE_INVALID'));
      }
    }
  });

  // R44
  it('knows every octet: which ones a name and a value may have', () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    const written = (run: (text: string) => unknown): string =>
      all.filter((text) => thrown(() => run(text)).code === 'nothing').join('');
    expect(written((text) => serializeCookie(`a${text}`, ''))).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
    expect(written((text) => serializeCookie('a', text))).toBe(
      "!#$%&'()*+-./0123456789:<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~",
    );
    expect(thrown(() => serializeCookie('', 'v')).code).toBe('COOKIE_INVALID');
  });

  // R44
  it('checks enumerations, times and domains by value', () => {
    const wrong: unknown[] = [
      { sameSite: 'Lax' },
      { sameSite: true },
      { sameSite: 'toString' },
      { sameSite: '__proto__' },
      { priority: 'urgent' },
      { priority: null },
      { path: 'app' },
      { path: '' },
      { path: null },
      { domain: '' },
      { domain: '-a.com' },
      { domain: 'a..com' },
      { domain: 'a.com.' },
      { domain: 'https://a.com' },
      { domain: 'a.com:80' },
      { domain: 'münchen.de' },
      { expires: NaN },
      { expires: Infinity },
      { expires: -1e15 },
      { expires: new Date(0) },
      { maxAge: 1.5 },
      { maxAge: NaN },
      { maxAge: 34_560_001 },
      { httpOnly: 'yes' },
      { partitioned: 1 },
    ];
    for (const attributes of wrong) {
      const code = thrown(() => serializeCookie('a', 'b', attributes as CookieAttributes)).code;
      expect(code, JSON.stringify(attributes)).toBe('COOKIE_INVALID');
    }
  });

  // R43
  it('lets name and value have 4096 octets together and an attribute 1024, and not one more', () => {
    expect(serializeCookie('name', 'v'.repeat(4092))).toHaveLength(4097);
    const { code, message } = thrown(() => serializeCookie('name', 'v'.repeat(4093)));
    expect(code).toBe('COOKIE_INVALID');
    expect(message).toContain('4097 octets');
    expect(serializeCookie('a', 'b', { path: `/${'p'.repeat(1023)}` })).toHaveLength(3 + 7 + 1024);
    expect(thrown(() => serializeCookie('a', 'b', { path: `/${'p'.repeat(1024)}` })).code).toBe('COOKIE_INVALID');
  });

  // R40, R42
  it('refuses SameSite=None without Secure, and Partitioned without its three companions', () => {
    const partitioned: CookieAttributes = { partitioned: true, secure: true, sameSite: 'none' };
    expect(thrown(() => serializeCookie('a', 'b', { sameSite: 'none' })).code).toBe('COOKIE_INVALID');
    expect(serializeCookie('a', 'b', partitioned)).toContain('; Partitioned');
    for (const change of [
      { secure: false },
      { sameSite: 'lax' },
      { sameSite: undefined },
      { domain: 'a.com' },
    ] as const) {
      expect(thrown(() => serializeCookie('a', 'b', { ...partitioned, ...change })).code).toBe('COOKIE_INVALID');
    }
  });

  // R36, R37
  it('refuses a prefixed name without what its prefix promises, and any other spelling of a prefix', () => {
    for (const name of ['__Host-a', '__Secure-a', '__Http-a', '__Host-Http-a']) {
      expect(serializeCookie(name, 'v', HOST)).toBe(`${name}=v; Secure; HttpOnly; Path=/; SameSite=Lax`);
      expect(thrown(() => serializeCookie(name, 'v', { ...HOST, secure: false })).code).toBe('COOKIE_INVALID');
      for (const other of [name.toUpperCase(), name.toLowerCase()]) {
        expect(thrown(() => serializeCookie(other, 'v', HOST)).message).toContain('spelled exactly');
      }
    }
    for (const name of ['__Host-a', '__Host-Http-a']) {
      for (const change of [{ path: '/app' }, { path: undefined }, { domain: 'a.com' }]) {
        expect(thrown(() => serializeCookie(name, 'v', { ...HOST, ...change })).code).toBe('COOKIE_INVALID');
      }
    }
    for (const name of ['__Http-a', '__Host-Http-a']) {
      expect(thrown(() => serializeCookie(name, 'v', { ...HOST, httpOnly: false })).code).toBe('COOKIE_INVALID');
    }
    for (const name of ['__Host-', '__Secure-', '__Http-', '__Host-Http-']) {
      expect(thrown(() => serializeCookie(name, 'v', HOST)).code).toBe('COOKIE_INVALID');
    }
  });

  // R104
  it('never quotes the value in an error', () => {
    for (const value of ['s3cr3t;', 's3cr3t'.repeat(1000)]) {
      expect(thrown(() => serializeCookie('a', value)).message).not.toContain('s3cr3t');
    }
  });
});

describe('serializeDeletion', () => {
  // R42
  it('repeats every attribute with an empty value and a time in the past', () => {
    expect(serializeDeletion('__Host-a', { ...HOST, sameSite: 'none', partitioned: true, priority: 'medium' })).toBe(
      '__Host-a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=None; Partitioned; Priority=Medium',
    );
    expect(serializeDeletion('a', { domain: 'a.com', path: '/x', maxAge: 60 })).toBe(
      'a=; Domain=a.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/x',
    );
  });
});
