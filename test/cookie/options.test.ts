import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CookieOptions, CookieTemplate } from '../../src/cookie/options.ts';
import { CoatcheckError } from '../../src/errors.ts';

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;

let warnings: string[] = [];
let template: (options?: unknown) => CookieTemplate;

// Warnings come once a process: each test has modules of its own.
beforeEach(async () => {
  vi.resetModules();
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning, options) => {
    warnings.push(`${(options as { code: string }).code} ${warning}`);
  });
  const { cookieTemplate } = await import('../../src/cookie/options.ts');
  template = (options) => cookieTemplate(options as CookieOptions, { now: () => NOW });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

function refusal(options: unknown): { code: string; message: string } {
  try {
    template(options);
  } catch (error) {
    const { name, code, message } = error as CoatcheckError;
    if (name === CoatcheckError.name) return { code, message };
    throw error;
  }
  return { code: 'nothing', message: '' };
}

describe('cookieTemplate', () => {
  // R36, R38, R39, R40, R50, R51
  it('makes a host-locked browser-session cookie by default, with every attribute written out', () => {
    const cookie = template();
    expect(cookie.name).toBe('__Host-session');
    expect(cookie.set('abc')).toBe('__Host-session=abc; Secure; HttpOnly; Path=/; SameSite=Lax');
    expect(cookie.delete()).toBe(
      '__Host-session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=Lax',
    );
    expect(warnings).toEqual([]);
  });

  // R51
  it('gives no name that tells the product', () => {
    for (const options of [{}, { domain: 'example.com' }, { secure: false }, { path: '/app' }]) {
      expect(template(options).set('abc')).not.toMatch(/coat|flask|express|connect|node/i);
    }
  });

  // R50
  it('writes an expiry where it is given, and never one beyond 400 days', () => {
    const cookie = template({ priority: 'high' });
    expect(cookie.set('abc', NOW + DAY)).toBe(
      '__Host-session=abc; Expires=Sun, 22 Nov 2026 00:00:00 GMT; Secure; HttpOnly; Path=/; SameSite=Lax; Priority=High',
    );
    const longest = new Date(NOW + 400 * DAY).toUTCString();
    for (const expires of [NOW + 400 * DAY, NOW + 401 * DAY, 1e18, Infinity]) {
      expect(cookie.set('abc', expires)).toContain(`; Expires=${longest};`);
    }
    expect(() => cookie.set('abc', NaN)).toThrow(expect.objectContaining({ code: 'COOKIE_INVALID' }));
  });

  // R43, R44
  it('checks each value', () => {
    const cookie = template();
    for (const value of ['a;b', 'a\r\nb', 'é', 'x'.repeat(4096)]) {
      expect(() => cookie.set(value)).toThrow(expect.objectContaining({ code: 'COOKIE_INVALID' }));
    }
    expect(cookie.set('x'.repeat(4096 - '__Host-session'.length))).toContain('xxx;');
  });

  // R41
  it('names a cookie of a whole domain __Secure- and warns of the risk once', () => {
    const cookie = template({ domain: 'example.com' });
    expect(cookie.set('abc')).toBe('__Secure-session=abc; Domain=example.com; Secure; HttpOnly; Path=/; SameSite=Lax');
    expect(cookie.delete()).toContain('__Secure-session=; Domain=example.com; Expires=');
    template({ domain: 'example.org' });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^COATCHECK_COOKIE_DOMAIN .*every subdomain/);
    expect(refusal({ domain: 'example.com', name: 'sid' })).toEqual({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('write __Secure-sid'),
    });
    expect(template({ domain: 'example.com', name: '__Secure-sid' }).name).toBe('__Secure-sid');
  });

  it('names a cookie of another path __Secure-, since __Host- allows none', () => {
    expect(template({ path: '/app' }).set('abc')).toBe(
      '__Secure-session=abc; Secure; HttpOnly; Path=/app; SameSite=Lax',
    );
  });

  // R38
  it('gives up Secure only outside production, under another name and with one warning', () => {
    vi.stubEnv('NODE_ENV', 'development');
    expect(template({ secure: false }).set('abc')).toBe('session=abc; HttpOnly; Path=/; SameSite=Lax');
    template({ secure: false });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^COATCHECK_COOKIE_INSECURE .*loopback/);
    vi.stubEnv('NODE_ENV', 'production');
    expect(refusal({ secure: false }).code).toBe('OPTION_INVALID');
    expect(template().set('abc')).toContain('; Secure');
  });

  // R36, R37, R40, R42
  const illegal: [string, unknown][] = [
    ['__Host- with a domain', { name: '__Host-a', domain: 'example.com' }],
    ['__Host- with another path', { name: '__Host-a', path: '/app' }],
    ['__Host- without Secure', { name: '__Host-a', secure: false }],
    ['__Secure- without Secure', { name: '__Secure-a', secure: false }],
    ['__Http- without Secure', { name: '__Http-a', secure: false }],
    ['__Host-Http- with a domain', { name: '__Host-Http-a', domain: 'example.com' }],
    ['__Host-Http- with another path', { name: '__Host-Http-a', path: '/app' }],
    ['__HOST- with a domain', { name: '__HOST-a', domain: 'example.com' }],
    ['__HOST- with another path', { name: '__HOST-a', path: '/app' }],
    ['__HOST- without Secure', { name: '__HOST-a', secure: false }],
    ['__HOST- even with everything right', { name: '__HOST-a' }],
    ['__host-', { name: '__host-a' }],
    ['__secure-', { name: '__secure-a' }],
    ['__host-HTTP-', { name: '__Host-HTTP-a' }],
    ['a prefix and no name', { name: '__Host-' }],
    ['SameSite=None without Secure', { sameSite: 'none', secure: false }],
    ['Partitioned alone', { partitioned: true }],
    ['Partitioned with a domain', { partitioned: true, sameSite: 'none', domain: 'example.com' }],
    ['Partitioned without Secure', { partitioned: true, sameSite: 'none', secure: false }],
    ['a name with a separator', { name: 'a;b' }],
    ['a name that is no text', { name: 5 }],
    ['a name with a space', { name: ' __Host-a' }],
    ['a path with a line break', { path: '/\r\nSet-Cookie: a=b' }],
    ['a domain with a separator', { domain: 'a.com; Path=/' }],
    ['sameSite true', { sameSite: true }],
    ['sameSite Lax', { sameSite: 'Lax' }],
    ['secure auto', { secure: 'auto' }],
    ['an unknown priority', { priority: 'urgent' }],
    ['no object', 'session'],
    ['null', null],
  ];
  it.each(illegal)('refuses at start-up: %s', (_, options) => {
    expect(refusal(options).code).toBe('OPTION_INVALID');
    expect(warnings).toEqual([]);
  });

  // R37
  it('takes the script-proof prefixes', () => {
    expect(template({ name: '__Host-Http-a' }).set('v')).toBe(
      '__Host-Http-a=v; Secure; HttpOnly; Path=/; SameSite=Lax',
    );
    expect(template({ name: '__Http-a', path: '/x' }).set('v')).toContain('; Secure; HttpOnly; Path=/x');
  });

  // R42
  it('repeats Partitioned when it deletes', () => {
    const cookie = template({ partitioned: true, sameSite: 'none' });
    expect(cookie.set('v')).toBe('__Host-session=v; Secure; HttpOnly; Path=/; SameSite=None; Partitioned');
    expect(cookie.delete()).toBe(
      '__Host-session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/; SameSite=None; Partitioned',
    );
  });

  // R39, R50
  const unknown: [string, unknown, RegExp][] = [
    ['maxAge', { maxAge: 1000 }, /`lifetime`/],
    ['max_age', { max_age: 1000 }, /`lifetime`/],
    ['expires', { expires: new Date() }, /`lifetime`/],
    ['httpOnly', { httpOnly: true }, /always on/],
    ['httpOnly, switched off', { httpOnly: false }, /always on/],
    ['signed', { signed: true }, /tickets: 'signed'/],
    ['samesite', { samesite: 'lax' }, /Write cookie\.sameSite/],
    ['something else', { colour: 'red' }, /name, path, domain/],
    ['constructor', { constructor: 1 }, /name, path, domain/],
  ];
  it.each(unknown)('says what to write instead of %s', (_, options, hint) => {
    const { code, message } = refusal(options);
    expect(code).toBe('OPTION_UNKNOWN');
    expect(message).toMatch(hint);
  });

  it('takes a member that is undefined for one that is not there', () => {
    const members = ['name', 'path', 'domain', 'secure', 'sameSite', 'partitioned', 'priority'];
    expect(template(Object.fromEntries(members.map((member) => [member, undefined]))).set('v')).toBe(
      template().set('v'),
    );
  });
});
