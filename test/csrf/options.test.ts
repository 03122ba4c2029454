import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCsrf } from '../../src/csrf/index.ts';
import { codeOf } from '../interface/harness.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

function refusal(options: unknown): { code: unknown; message: string } {
  try {
    createCsrf(options as never);
  } catch (error) {
    return { code: codeOf(error), message: (error as Error).message };
  }
  return { code: 'none', message: '' };
}

describe('createCsrf', () => {
  test.each([
    'http://friend.example:80',
    'https://friend.example:443',
    'https://friend.example/',
    'https://friend.example/path',
    'https://friend.example?a',
    'https://FRIEND.example',
    'https://user@friend.example',
    'https://*.friend.example',
    'https://*',
    'friend.example',
    '//friend.example',
    'null',
    '',
    '*',
    'file:///a',
    'ws://friend.example',
    'data:text/html,x',
    7,
    null,
    ['https://friend.example'],
  ])('refuses %j as an origin at the start', (origin) => {
    expect(refusal({ allowedOrigins: [origin] }).code).toBe('OPTION_INVALID');
    expect(refusal({ publicOrigin: origin }).code).toBe('OPTION_INVALID');
  });

  test('says how browsers would write an origin', () => {
    expect(refusal({ publicOrigin: 'https://Äpp.example:443/' }).message).toContain('https://xn--pp-uia.example');
  });

  test('takes origins as browsers write them', () => {
    for (const origin of ['https://a.example', 'http://127.0.0.1:3000', 'https://[::1]:8443', 'http://localhost']) {
      expect(refusal({ publicOrigin: origin, allowedOrigins: [origin] }).code).toBe('none');
    }
  });

  test('refuses options that do not exist, and values that make no sense', () => {
    for (const options of [
      { origins: [] },
      { ignorePaths: ['/hook'] },
      { ignoreMethods: ['POST'] },
      { trustedOrigins: [] },
    ]) {
      expect(refusal(options).code).toBe('OPTION_UNKNOWN');
    }
    for (const options of [
      { tokens: 'none' },
      { allowedOrigins: 'https://a.example' },
      { cookies: '__Host-remember' },
      { cookies: [''] },
      { onDecision: true },
      { cookie: { name: '__host-csrf' } },
      { cookie: { sameSite: 'none', secure: false } },
      [],
      'https://a.example',
    ]) {
      expect([options, refusal(options).code]).toEqual([options, 'OPTION_INVALID']);
    }
    expect(refusal({ cookie: { maxAge: 1 } }).code).toBe('OPTION_UNKNOWN');
    expect(refusal({ secret: 'short' }).code).toBe('SECRET_WEAK');
  });

  test('wants to be told in production where the application is', () => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(refusal({}).code).toBe('OPTION_INVALID');
    expect(refusal({ publicOrigin: 'https://app.example' }).code).toBe('none');
    expect(refusal({ publicOrigin: 'https://app.example', cookie: { secure: false } }).code).toBe('OPTION_INVALID');
  });

  test('has no listener that could break a request', async () => {
    const csrf = createCsrf({
      onDecision: () => {
        throw new Error('broken listener');
      },
    });
    await csrf.check({ method: 'POST', cookie: undefined, header: () => undefined });
  });

  test('counts any cookie where the name of the session’s is not known, and further ones that it is told', async () => {
    const ask = (cookie: string | undefined) =>
      createCsrf({ cookies: ['__Host-remember'] })
        .check({ method: 'POST', cookie, header: () => undefined })
        .then(() => 'allowed', codeOf);
    expect(await ask(undefined)).toBe('allowed');
    expect(await ask('')).toBe('allowed');
    expect(await ask('theme=dark')).toBe('CSRF_TOKEN_MISSING');
    expect(await ask('__Host-remember=x')).toBe('CSRF_TOKEN_MISSING');
  });

  test('judges both methods where one was overridden', async () => {
    const csrf = createCsrf();
    const ask = (method: string, originalMethod: string | undefined) =>
      csrf.check({ method, originalMethod, cookie: 'a=b', header: () => undefined }).then(() => 'allowed', codeOf);
    expect(await ask('GET', undefined)).toBe('allowed');
    expect(await ask('DELETE', 'GET')).toBe('CSRF_TOKEN_MISSING');
    expect(await ask('GET', 'POST')).toBe('CSRF_TOKEN_MISSING');
  });
});
