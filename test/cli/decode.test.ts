import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fetchSessions } from '../../src/http/fetch.ts';
import { createCookieSessions, createSessions } from '../../src/index.ts';
import { handleOf, keyOf, newId } from '../../src/keys/ids.ts';
import { call, inStore, newFolder, newSqlite, seed, spawned } from './support.ts';

const SECRET = 'mV3x9-QpT7yKc2LwZr8sHd4nBf6gJa1E';
const OTHER = 'Zr8sHd4nBf6gJa1EmV3x9-QpT7yKc2Lw';

interface Visitor {
  user?: string;
  token?: string;
}

type Sessions = Parameters<typeof fetchSessions<Visitor>>[0];

/** The first cookie that an application sends, as `name=value; Path=/`. */
async function cookieOf(sessions: Sessions): Promise<string> {
  const serve = fetchSessions(sessions, (_request, { session }) => {
    session.user = 'ann';
    session.token = 'a secret of hers';
    return new Response('hello');
  });
  const [cookie = ''] = (await serve(new Request('https://shop.example/'))).headers.getSetCookie();
  return cookie;
}

const sealed = (secret: string | readonly string[], name?: string): Promise<string> =>
  cookieOf(
    createCookieSessions<Visitor>({ secret, revocation: 'none', ...(name && { cookie: { name } }) }) as Sessions,
  );
const signed = (): Promise<string> =>
  cookieOf(createSessions<Visitor>({ tickets: 'signed', secret: SECRET }) as Sessions);

const valueIn = (cookie: string): string => cookie.slice(cookie.indexOf('=') + 1).split(';')[0] ?? '';

describe('decode', () => {
  it('tells of a ticket its shape, key and handle, and never its id', async () => {
    const id = newId();
    for (const words of [[id], [`__Host-session=${id}`], [`Cookie: session="${id}"; other=1`]]) {
      const { code, out, err } = await call(['decode', ...words]);
      expect([code, err]).toEqual([0, '']);
      expect(out).toBe(`shape      plain ticket\nkey        ${keyOf(id)}\nhandle     ${handleOf(keyOf(id))}\n`);
    }
    const json = await call(['decode', id, '--json']);
    expect(JSON.parse(json.out)).toEqual({ shape: 'plain ticket', key: keyOf(id), handle: handleOf(keyOf(id)) });
    expect(json.out).not.toContain(id);
  });

  it('reads the cookie from standard input, where nobody else sees it', async () => {
    const id = newId();
    const { code, out, err } = await spawned(['decode'], { stdin: `session=${id}\n` });
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(handleOf(keyOf(id)));
    expect(out).not.toContain(id);
    expect((await call(['decode', '-'], { stdin: `${id}\r\n` })).out).toBe(out);
    expect((await call(['decode'], { terminal: true, stdin: id })).err).toBe('Cookie: ');
    expect((await call(['decode'], { stdin: '' })).code).toBe(2);
  });

  it('takes tickets that begin with a hyphen', async () => {
    let id = newId();
    while (!id.startsWith('-')) id = newId();
    expect((await call(['decode', id])).out).toContain(handleOf(keyOf(id)));
  });

  it('looks up the record of a ticket where a store is named', async () => {
    const url = newSqlite();
    const { id } = await inStore(url, (store) => seed(store, { owner: 'ann' }));
    expect((await call(['decode', id, '--store', url])).out).toMatch(/^record {5}living, expires \d{4}-/m);
    expect((await call(['decode', newId(), '--store', url])).out).toMatch(/^record {5}unknown$/m);
  });

  it('checks the MAC of a signed ticket where there is a secret', async () => {
    const cookie = await signed();
    const id = valueIn(cookie).slice(0, 43);
    const said = async (env: Readonly<Record<string, string>>) => {
      const { code, out } = await call(['decode', cookie], { env });
      expect(out).toContain(`handle     ${handleOf(keyOf(id))}`);
      expect(out).not.toContain(id);
      return [code, /^signature {2}(.*)$/m.exec(out)?.[1]];
    };
    expect(await said({})).toEqual([0, 'not checked: there is no secret']);
    expect(await said({ SECRET_KEY: SECRET })).toEqual([0, 'good']);
    expect(await said({ SECRET_KEY: OTHER, SECRET_KEY_FALLBACKS: SECRET })).toEqual([0, 'good, of an older secret']);
    expect(await said({ SECRET_KEY: OTHER })).toEqual([3, expect.stringContaining('wrong')]);
  });

  it('opens a sealed session with the secret of the environment, and shows its values only when asked', async () => {
    const cookie = await sealed(SECRET);
    const env = { SECRET_KEY: SECRET };
    const { code, out } = await call(['decode', cookie], { env });
    expect(code).toBe(0);
    for (const line of [
      'shape      sealed session',
      'seal       good',
      'cookie     __Host-session',
      'state      living',
    ])
      expect(out).toContain(`${line}\n`);
    expect(out).toMatch(/^token {2}text$/m);
    expect(out).not.toContain('a secret of hers');
    expect((await call(['decode', cookie, '--values'], { env })).out).toContain('a secret of hers');
    const json = JSON.parse((await call(['decode', cookie, '--values', '--json'], { env })).out);
    expect(json).toMatchObject({ shape: 'sealed session', seal: 'good', data: { user: 'ann' } });
    // The random id inside is hashed into the handle and stands nowhere.
    expect(JSON.stringify(json)).not.toMatch(/"id"/);
  });

  it('finds the secret in a file, older ones behind the first', async () => {
    const file = join(newFolder(), 'secrets');
    writeFileSync(file, `${OTHER}\n${SECRET}\n`);
    const { code, out } = await call(['decode', await sealed(SECRET), '--secret-file', file]);
    expect([code, out.includes('seal       good, of an older secret')]).toEqual([0, true]);
    const none = await call(['decode', newId(), '--secret-file', `${file}-not`]);
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('cannot be read (ENOENT)') });
  });

  it('knows the name of the cookie from the cookie, from --cookie, or from the environment', async () => {
    const cookie = await sealed(SECRET, '__Host-shop');
    const env = { SECRET_KEY: SECRET };
    expect((await call(['decode', cookie], { env })).code).toBe(0);
    expect((await call(['decode', valueIn(cookie), '--cookie', '__Host-shop'], { env })).code).toBe(0);
    expect(
      (await call(['decode', valueIn(cookie)], { env: { ...env, SESSION_COOKIE_NAME: '__Host-shop' } })).code,
    ).toBe(0);
    const wrong = await call(['decode', valueIn(cookie)], { env });
    expect(wrong).toMatchObject({
      code: 3,
      out: expect.stringContaining('seal       wrong: of another secret or cookie name'),
    });
  });

  it('needs a secret for a sealed session, and a good one', async () => {
    const cookie = await sealed(SECRET);
    const without = await call(['decode', cookie]);
    expect(without).toMatchObject({ code: 2, out: '', err: expect.stringContaining('[SECRET_REQUIRED]') });
    expect((await call(['decode', cookie], { env: { SECRET_KEY: 'short' } })).err).toContain('[SECRET_WEAK]');
  });

  it('of anything else is exit code 3, and quotes nothing of it', async () => {
    for (const text of ['eyJhbGciOiJIUzI1NiJ9.e30.c2ln', 's%3Aabc.def', 'x'.repeat(43)]) {
      const { code, out, err } = await call(['decode', text], { env: { SECRET_KEY: SECRET } });
      expect([code, out, err]).toEqual([3, '', 'This is no cookie of coatcheck.\n']);
    }
  });
});
