import { describe, expect, test } from 'vitest';
import { type CsrfOptions, createCsrf } from '../../src/csrf/index.ts';
import { OLD_SECRET, SECRET, sealedSetup, setup } from '../interface/harness.ts';
import { request } from '../support/visit.ts';
import { Client } from './client.ts';

const SHAPE = /^[cs][\w-]{64}$/;
const ALLOWED = 'allowed';
const REFUSED = 'CSRF_TOKEN_INVALID';

const kinds = [
  ['in a store', setup],
  ['sealed into the cookie', sealedSetup],
] as const;

describe.each(kinds)('tokens of sessions %s', (_, make) => {
  function client(options: CsrfOptions = {}) {
    const { sessions, ...rest } = make();
    const csrf = createCsrf(options);
    return { ...rest, sessions, csrf, ann: new Client(sessions, csrf), newClient: () => new Client(sessions, csrf) };
  }

  test('come from a cookie of their own while nobody is logged in, and make no session', async () => {
    const { ann } = client();
    const token = await ann.token();
    expect(token).toMatch(/^c/);
    expect(token).toMatch(SHAPE);
    expect(ann.jar.names()).toEqual(['__Host-csrf']);
    expect(await ann.post(token)).toBe(ALLOWED);
    expect(ann.jar.names()).toEqual(['__Host-csrf']);
  });

  test('of a guest live through a first write, an emptied session and a second tab', async () => {
    const { ann } = client();
    const token = await ann.token();
    const second = await ann.token();
    expect(await ann.post(token, (session) => session.set('cart', ['tea']))).toBe(ALLOWED);
    expect(ann.jar.names()).toEqual(['__Host-csrf', '__Host-session']);
    expect(await ann.post(token, (session) => session.clear())).toBe(ALLOWED);
    expect(await ann.post(second, (session) => session.regenerate({ keep: true }))).toBe(ALLOWED);
    expect(await ann.post(token)).toBe(ALLOWED);
  });

  test('of a guest die with the login, and the cookie goes', async () => {
    const { ann } = client();
    const token = await ann.token();
    expect(await ann.post(token, (session) => session.set('user', 'ann'))).toBe(ALLOWED);
    expect(ann.jar.names()).toEqual(['__Host-session']);
    expect(await ann.post(token)).toBe(REFUSED);
  });

  test('of a guest are refused while somebody is logged in, also with their cookie', async () => {
    const { ann } = client();
    const token = await ann.token();
    // A login that no guard saw leaves the cookie; the next page with a token takes it away.
    await ann.visit((session) => session.set('user', 'ann'));
    expect(ann.jar.names()).toEqual(['__Host-csrf', '__Host-session']);
    expect(await ann.post(token)).toBe(REFUSED);
    expect(await ann.token()).toMatch(/^s/);
    expect(ann.jar.names()).toEqual(['__Host-session']);
  });

  test('of somebody are bound to the id, and die with every change of it', async () => {
    const { ann, newClient } = client();
    await ann.visit((session) => session.set('user', 'ann'));
    const token = await ann.token();
    expect(token).toMatch(/^s/);
    expect(await ann.post(token, (session) => session.set('n', 1))).toBe(ALLOWED);
    expect(await ann.post(token, (session) => session.regenerate({ keep: true }))).toBe(ALLOWED);
    expect(await ann.post(token)).toBe(REFUSED);
    const next = await ann.token();
    expect(await ann.post(next, (session) => session.set('user', 'bob'))).toBe(ALLOWED);
    expect(await ann.post(next)).toBe(REFUSED);
    const carol = newClient();
    await carol.visit((session) => session.set('user', 'carol'));
    expect(await carol.post(await ann.token())).toBe(REFUSED);
    const guest = newClient();
    await guest.token();
    expect(await guest.post(await ann.token())).toBe(REFUSED);
  });

  test('of somebody die with the logout, and what a page shows after it is new', async () => {
    const { ann } = client();
    const guest = await ann.token();
    const cookie = ann.jar.get('__Host-csrf');
    await ann.visit((session) => session.set('user', 'ann'));
    const token = await ann.token();
    expect(await ann.post(token, (session) => session.destroy())).toBe(ALLOWED);
    const next = await ann.token();
    expect(await ann.post(token)).toBe(REFUSED);
    expect(await ann.post(guest)).toBe(REFUSED);
    expect(await ann.post(next)).toBe(ALLOWED);
    expect(ann.jar.get('__Host-csrf')).not.toBe(cookie);
  });

  test('of a page that is shown right after a logout, in the same answer, count', async () => {
    const { ann, csrf } = client();
    await ann.token();
    const old = ann.jar.get('__Host-csrf');
    await ann.visit((session) => session.set('user', 'ann'));
    let token = '';
    await ann.visit(async (session) => {
      csrf.csrfToken(session);
      await session.destroy();
      token = csrf.csrfToken(session);
    }, 'POST');
    expect(token).toMatch(/^c/);
    expect(ann.jar.get('__Host-csrf')).not.toBe(old);
    expect(await ann.post(token)).toBe(ALLOWED);
  });

  test('cannot be made between a login and its commit, and count once it is saved', async () => {
    const { ann, csrf } = client();
    let token = '';
    await ann.visit(async (session) => {
      session.set('user', 'ann');
      expect(() => csrf.csrfToken(session)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      await session.save();
      token = csrf.csrfToken(session);
      void session.regenerate({ keep: true });
      expect(() => csrf.csrfToken(session)).toThrow(expect.objectContaining({ code: 'USAGE' }));
      await session.reload();
    });
    expect(token).toMatch(/^s/);
    expect(await ann.post(token)).toBe(ALLOWED);
  });

  test('are the same within an answer and differ in the next, of both kinds', async () => {
    const { ann, csrf } = client();
    for (const login of [false, true]) {
      if (login) await ann.visit((session) => session.set('user', 'ann'));
      let first = '';
      await ann.visit((session) => {
        first = csrf.csrfToken(session);
        expect(csrf.csrfToken(session)).toBe(first);
        expect(csrf.csrfField(session)).toBe(`<input type="hidden" name="csrf_token" value="${first}">`);
        expect(csrf.csrfMeta(session)).toBe(`<meta name="csrf-token" content="${first}">`);
      });
      const second = await ann.token();
      expect(second.slice(1, 30)).not.toBe(first.slice(1, 30));
      expect(second.slice(-30)).not.toBe(first.slice(-30));
      expect(await ann.post(first)).toBe(ALLOWED);
      expect(await ann.post(second)).toBe(ALLOWED);
    }
  });

  test('count as a look, so that no shared cache keeps the page', async () => {
    const { ann, csrf } = client();
    await ann.token();
    expect(await ann.visit((session) => csrf.csrfToken(session))).toEqual({ setCookie: [], looked: true });
  });

  test('of another shape, kind or spelling count for nothing', async () => {
    const { ann } = client();
    const guest = await ann.token();
    const last = guest.slice(-1);
    const wrongs: unknown[] = [
      `s${guest.slice(1)}`,
      guest.slice(0, -1),
      `${guest}A`,
      `${guest.slice(0, -1)}${last === 'A' ? 'B' : 'A'}`,
      guest.toUpperCase(),
      ` ${guest.slice(1)}`,
      [guest, guest],
      [guest],
      { $ne: null },
      { length: 65 },
      7,
      true,
      'x'.repeat(1_048_576),
      '\0'.repeat(65),
      'ä'.repeat(65),
    ];
    for (const wrong of wrongs) expect([wrong, await ann.post(wrong)]).toEqual([wrong, REFUSED]);
    for (const missing of [undefined, '']) expect(await ann.post(missing)).toBe('CSRF_TOKEN_MISSING');
    await ann.visit((session) => session.set('user', 'ann'));
    const token = await ann.token();
    expect(await ann.post(`c${token.slice(1)}`)).toBe(REFUSED);
  });

  test('cannot be made of a cookie that an attacker chose and a field that fits it, without knowing how', async () => {
    const { ann } = client();
    ann.jar.store(['__Host-csrf=equal; Secure; Path=/']);
    expect(await ann.post('equal')).toBe(REFUSED);
    await ann.token();
    const planted = ann.jar.header();
    expect(planted).not.toContain('equal');
  });
});

describe('the cookie of guests', () => {
  test('has the lock on its host, is hidden from scripts, and ends with the browser', async () => {
    const { sessions } = setup();
    const csrf = createCsrf();
    const { setCookie } = await new Client(sessions, csrf).visit((session) => csrf.csrfToken(session));
    expect(setCookie).toEqual([
      expect.stringMatching(/^__Host-csrf=[\w-]{43}; Secure; HttpOnly; Path=\/; SameSite=Lax$/),
    ]);
  });

  test('that occurs twice, or is none of ours, is none, and is replaced', async () => {
    const { sessions } = setup();
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    const token = await ann.token();
    const twice = `${ann.jar.header()}; __Host-csrf=${'A'.repeat(43)}`;
    const asked = { method: 'POST', cookie: twice, header: () => undefined, field: () => token };
    const session = await sessions.open(request(twice, { method: 'POST' }));
    await expect(csrf.check(asked, session)).rejects.toThrow(expect.objectContaining({ code: REFUSED }));
  });

  test('of a whole domain is signed, and only what our secrets signed counts', async () => {
    const { sessions } = setup();
    const cookie = { domain: 'app.example' };
    expect(() => createCsrf({ cookie })).toThrow(expect.objectContaining({ code: 'SECRET_REQUIRED' }));
    expect(() => createCsrf({ cookie: { name: 'xsrf' } })).toThrow(
      expect.objectContaining({ code: 'SECRET_REQUIRED' }),
    );
    const old = new Client(sessions, createCsrf({ cookie, secret: OLD_SECRET }));
    const token = await old.token();
    const [name = ''] = old.jar.names();
    expect([name, old.jar.get(name)]).toEqual([
      '__Secure-csrf',
      expect.stringMatching(/^[\w-]{43}\.[\w-]{8}\.[\w-]{43}$/),
    ]);
    const both = new Client(sessions, createCsrf({ cookie, secret: [SECRET, OLD_SECRET] }), old.jar);
    expect(await both.post(token)).toBe(ALLOWED);
    const other = new Client(sessions, createCsrf({ cookie, secret: SECRET }), old.jar);
    expect(await other.post(token)).toBe(REFUSED);
    old.jar.store([`__Secure-csrf=${'A'.repeat(43)}; Secure; Path=/`]);
    expect(await both.post(token)).toBe(REFUSED);
  });

  test('of another name is worth nothing, though it holds the same', async () => {
    const { sessions } = setup();
    const ann = new Client(sessions, createCsrf({ cookie: { name: '__Host-one' } }));
    const token = await ann.token();
    ann.jar.store([`__Host-two=${ann.jar.get('__Host-one')}; Secure; Path=/`]);
    const other = new Client(sessions, createCsrf({ cookie: { name: '__Host-two' } }), ann.jar);
    expect(await other.post(token)).toBe(REFUSED);
    expect(await other.post(await other.token())).toBe(ALLOWED);
  });

  test('is not touched by a request whose session another one ended meanwhile', async () => {
    const { sessions, heard } = setup();
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    await ann.token();
    await ann.visit((session) => session.set('user', 'ann'));
    const cookie = ann.jar.header();
    const slow = await sessions.open(request(cookie, { method: 'POST' }));
    if (slow === undefined) throw new Error('a null session');
    await csrf.check({ method: 'POST', cookie, header: () => 'same-origin' }, slow);
    await ann.visit((session) => session.destroy());
    await ann.token();
    slow.set('n', 1);
    expect((await sessions.commit(slow, { status: 200 })).setCookie).toEqual([]);
    expect(heard('gone')).toHaveLength(1);
  });
});

describe('a guard', () => {
  test('asks the store nothing of its own, whoever is there', async () => {
    const { sessions, verbs, clock } = setup();
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    const guest = await ann.token();
    expect(await ann.post(guest)).toBe(ALLOWED);
    expect(verbs()).toEqual([]);
    await ann.visit((session) => session.set('user', 'ann'));
    const token = await ann.token();
    clock.tick('30m');
    const before = verbs().length;
    expect(await ann.post(token)).toBe(ALLOWED);
    expect(await ann.post(guest)).toBe(REFUSED);
    // One read each by `open`, and not even a touch by the check.
    expect(verbs().slice(before)).toEqual(['read', 'read']);
  });

  test('lets a logout through by its token where the store is down, and no form of a guest', async () => {
    const { sessions, store } = setup();
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    const guest = await ann.token();
    const shown = ann.jar.get('__Host-csrf');
    await ann.visit((session) => session.set('user', 'ann'));
    const token = await ann.token();
    ann.jar.store([`__Host-csrf=${shown}; Secure; Path=/`]);
    store.always('read', 'break');
    expect(await ann.post(token)).toBe(ALLOWED);
    expect(await ann.post(guest)).toBe('STORE_FAILED');
    await ann.visit((session) => expect(csrf.csrfToken(session)).toBe(''));
  });

  test('knows a login that only ownerOf tells of', async () => {
    const { sessions } = setup({ ownerOf: (data) => data.account, identityKeys: [] });
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    await ann.visit((session) => session.set('cart', []));
    expect(await ann.token()).toMatch(/^c/);
    await ann.visit((session) => {
      session.set('account', 'ann');
      expect(() => csrf.csrfToken(session)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    });
    expect(await ann.token()).toMatch(/^s/);
  });

  test('loads a lazy session only where a guest’s token must be told from a member’s', async () => {
    const { sessions, verbs } = setup({ load: 'lazy' });
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    const load = (act: (session: any) => unknown) => async (session: any) => {
      await session.load();
      return act(session);
    };
    let token = '';
    await ann.visit(load((session) => session.set('user', 'ann')));
    await ann.visit(
      load((session) => {
        token = csrf.csrfToken(session);
      }),
    );
    const before = verbs().length;
    expect(await ann.post(token)).toBe(ALLOWED);
    expect(verbs().length).toBe(before);
  });

  test('reads the header before the field, and nothing else', async () => {
    const { sessions } = setup();
    const csrf = createCsrf();
    const ann = new Client(sessions, csrf);
    const token = await ann.token();
    const cookie = ann.jar.header();
    const ask = (headers: Record<string, string>, field: unknown) =>
      csrf.check({ method: 'POST', cookie, header: (name) => headers[name], field: () => field }).then(
        () => ALLOWED,
        ({ code }) => code,
      );
    expect(await ask({ 'x-csrf-token': token }, undefined)).toBe(ALLOWED);
    expect(await ask({ 'x-csrftoken': token }, undefined)).toBe(ALLOWED);
    expect(await ask({ 'x-csrf-token': '' }, token)).toBe(ALLOWED);
    expect(await ask({ 'x-csrf-token': `${token}, ${token}` }, token)).toBe(REFUSED);
    expect(await ask({ 'x-xsrf-token': token, referer: 'https://app.example/' }, undefined)).toBe('CSRF_TOKEN_MISSING');
  });
});
