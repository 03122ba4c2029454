import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCookieSessions, createSessions } from '../../src/index.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { codeOf, SECRET } from './harness.ts';

afterEach(() => vi.unstubAllEnvs());

function failure(act: () => unknown): { code: unknown; message: string } {
  try {
    act();
  } catch (error) {
    return { code: codeOf(error), message: (error as Error).message };
  }
  throw new Error('nothing was thrown');
}

describe('wrong options throw at start and say what to write', () => {
  test.each<[object | null, RegExp]>([
    [null, /Options are an object/],
    [[], /Options are an object/],
    [{ store: 'redis://localhost' }, /memoryStore\(\)/],
    [{ store: null }, /memoryStore\(\)/],
    [{ store: {} }, /memoryStore\(\)/],
    [{ store: { get() {}, set() {}, destroy() {} } }, /fits by fromExpressStore/],
    [{ tickets: 'jwt' }, /'plain' or 'signed'/],
    [{ load: true }, /'eager' or 'lazy'/],
    [{ onStoreError: 'ignore' }, /'fail' or 'anonymous'/],
    [{ maxPerOwner: 0, ownerOf: () => 'a' }, /whole number above zero/],
    [{ maxPerOwner: 1.5, ownerOf: () => 'a' }, /whole number above zero/],
    [{ deadline: 2000 }, /deadline must be a duration/],
    [{ deadline: '0s' }, /deadline must be a duration/],
    [{ sweep: 600 }, /sweep must be a duration/],
    [{ sweep: true }, /sweep must be a duration/],
    [{ lifetime: '1h' }, /\{ idle: '1h', absolute: '24h' \}/],
    [{ lifetime: null }, /\{ idle: '1h', absolute: '24h' \}/],
    [{ lifetime: { maxAge: '1h' } }, /idle and absolute/],
    [{ lifetime: { permanent: { days: 31 } } }, /lifetime\.permanent/],
    [{ lifetime: { idle: 3600 } }, /with its unit/],
    [{ lifetime: { idle: '25h', absolute: '24h' } }, /idle must not exceed/],
    [{ lifetime: { absolute: '500d' } }, /400 days/],
    [{ static: 'static' }, /begin with '\/'/],
    [{ static: 5 }, /begin with '\/'/],
    [{ static: ['/a', 5] }, /begin with '\/'/],
    [{ staticFiles: 'yes' }, /true or false/],
    [{ ambient: 1 }, /true or false/],
    [{ codec: JSON }, /encode and decode/],
    [{ codec: null }, /encode and decode/],
    [{ limits: 5 }, /bytes, depth and keys/],
    [{ limits: null }, /bytes, depth and keys/],
    [{ limits: { bytes: '64k' } }, /bytes, depth and keys/],
    [{ limits: { toString: 5 } }, /bytes, depth and keys/],
    [{ onEvent: 'log' }, /function/],
    [{ identityKeys: 'user' }, /list of keys/],
    [{ identityKeys: [1] }, /list of keys/],
    [{ ownerOf: 'user' }, /function of the data/],
    [{ schema: {} }, /Standard Schema/],
    [{ schema: null }, /Standard Schema/],
    [{ clock: Date.now }, /function now/],
    [{ cookie: { name: '__host-session' } }, /exactly __Host-/],
    [{ cookie: 'sid' }, /object of options/],
    [{ acceptPlainUntil: new Date() }, /tickets: 'signed'/],
    [{ tickets: 'signed', secret: SECRET, acceptPlainUntil: '2027-01-01' }, /valid Date/],
  ])('%j', (options, message) => {
    const thrown = failure(() => createSessions(options as never));
    expect(thrown.code).toBe('OPTION_INVALID');
    expect(thrown.message).toMatch(message);
  });

  test.each<[object, string]>([
    [{ tickets: 'signed' }, 'SECRET_REQUIRED'],
    [{ tickets: 'signed', secret: 'changeme' }, 'SECRET_WEAK'],
    [{ tickets: 'signed', secret: [SECRET, 'short'] }, 'SECRET_WEAK'],
    [{ tickets: 'signed', secret: [] }, 'SECRET_REQUIRED'],
    [{ tickets: 'signed', secret: [SECRET, undefined] }, 'SECRET_REQUIRED'],
  ])('%j is %s', (options, code) => {
    expect(failure(() => createSessions(options as never)).code).toBe(code);
  });
});

describe('habits of other libraries get a hint', () => {
  test.each([
    ['resave', /Leave resave out/],
    ['saveUninitialized', /Leave saveUninitialized out/],
    ['rolling', /lifetime\.idle/],
    ['unset', /session\.destroy/],
    ['name', /cookie\.name/],
    ['key', /cookie\.name/],
    ['maxAge', /lifetime/],
    ['ttl', /lifetime/],
    ['genid', /256 random bits/],
    ['proxy', /Secure/],
    ['serializer', /codec/],
    ['secrets', /secret/],
    ['sameSite', /cookie: \{ sameSite \}/],
    ['stores', /The options are .*\bstore\b/],
  ])('%s', (name, hint) => {
    const thrown = failure(() => createSessions({ [name]: true } as never));
    expect(thrown.code).toBe('OPTION_UNKNOWN');
    expect(thrown.message).toMatch(hint);
  });

  test.each(['maxAge', 'expires', 'httpOnly', 'signed'])('cookie.%s', (name) => {
    expect(failure(() => createSessions({ cookie: { [name]: true } } as never)).code).toBe('OPTION_UNKNOWN');
  });
});

describe('createCookieSessions', () => {
  test.each<[object, string, RegExp]>([
    [{ revocation: 'none' }, 'SECRET_REQUIRED', /secret is missing/],
    [{ secret: 'changeme', revocation: 'none' }, 'SECRET_WEAK', /too weak/],
    [{ secret: SECRET }, 'OPTION_INVALID', /revocation must be chosen/],
    [{ secret: SECRET, revocation: true }, 'OPTION_INVALID', /'none'/],
    [{ secret: SECRET, revocation: 'denylist' }, 'OPTION_INVALID', /needs a store/],
    [{ secret: SECRET, revocation: 'none', store: memoryStore() }, 'OPTION_INVALID', /of no use/],
    [{ secret: SECRET, revocation: 'none', deadline: '1s' }, 'OPTION_INVALID', /of no use/],
    [{ secret: SECRET, revocation: 'denylist', store: memoryStore(), deadline: 5 }, 'OPTION_INVALID', /duration/],
    [{ secret: SECRET, revocation: 'denylist', store: {} }, 'OPTION_INVALID', /memoryStore/],
    [{ secret: SECRET, revocation: 'none', tickets: 'signed' }, 'OPTION_UNKNOWN', /tickets is no option/],
    [{ secret: SECRET, revocation: 'none', load: 'lazy' }, 'OPTION_UNKNOWN', /load is no option/],
  ])('%j', (options, code, message) => {
    const thrown = failure(() => createCookieSessions(options as never));
    expect(thrown.code).toBe(code);
    expect(thrown.message).toMatch(message);
  });
});

test('secure: false throws in production', () => {
  vi.stubEnv('NODE_ENV', 'production');
  expect(failure(() => createSessions({ store: memoryStore(), cookie: { secure: false } })).message).toMatch(
    /production/,
  );
});

test('a session of other sessions is refused', async () => {
  const one = createSessions();
  const two = createSessions();
  const request = { method: 'GET', path: '/', cookie: undefined, header: () => undefined };
  const session = await one.open({ ...request, address: undefined, secure: true });
  expect(one.isNull(session as never)).toBe(false);
  expect(two.isNull({} as never)).toBe(true);
  expect(failure(() => two.commit({} as never, { status: 200 })).code).toBe('SESSION_REPLACED');
});
