import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { BAD, GOOD } from '../login/next-spellings.ts';
import { fleet } from './app.ts';
import { type Cell, describeCells } from './cells.ts';
import { type House, openHouse, type Person } from './login-house.ts';
import { redisMissing } from './stores.ts';
import type { Told } from './visitor.ts';

const { cell } = fleet();

const SESSION = '__Host-session';
const REMEMBER = '__Host-remember';
const OK = { ok: true };
const NOBODY = { user: null, fresh: false, remembered: false };
const ALICE = { user: 'alice', fresh: true, remembered: false };

const CELLS: readonly Cell[] = [
  ['express', 'memory'],
  ['express4', 'memory'],
  ['node', 'sqlite'],
  ['fetch', 'redis', redisMissing],
];

/** What only somebody may ask for, with fields that are right. */
const GUARDED: readonly [method: string, path: string, body?: object][] = [
  ['GET', '/private'],
  ['GET', '/fresh'],
  ['GET', '/sessions'],
  ['POST', '/confirm', { password: 'alice-pass' }],
  ['POST', '/password', { old: 'alice-pass', new: 'other' }],
  ['POST', '/sessions/revoke', { handle: 'x' }],
  ['POST', '/sessions/revoke-all'],
  ['POST', '/transfer', { to: 'bob', amount: '1' }],
];

function ask(visitor: Person, [method, path, body]: (typeof GUARDED)[number]): Promise<Told> {
  return method === 'GET' ? visitor.get(path) : visitor.post(path, body);
}

const code = ({ status, json }: Told) => [status, json?.error?.code];
const said = (socket: WebSocket) =>
  new Promise<unknown>((resolve) => socket.once('message', (text) => resolve(JSON.parse(String(text)))));

describeCells(CELLS, (adapter, store) => {
  let house: House;
  let visitor: Person;
  beforeAll(async () => {
    house = await openHouse(await cell(adapter, store));
  });
  beforeEach(() => {
    visitor = house.newVisitor();
  });
  afterAll(() => house?.stop());

  test('a login is known on the next page, and gone after the logout', async () => {
    expect((await visitor.get('/me')).json).toEqual(NOBODY);
    for (const one of GUARDED) expect([one, code(await ask(visitor, one))]).toEqual([one, [401, 'LOGIN_REQUIRED']]);
    expect((await visitor.login('alice', { next: '/private' })).json).toEqual({ ...ALICE, next: '/private' });
    expect(visitor.jar.names()).toEqual([SESSION]);
    for (const path of ['/me', '/private', '/fresh']) expect((await visitor.get(path)).json).toEqual(ALICE);
    expect((await visitor.post('/logout')).json).toEqual(OK);
    expect(visitor.jar.names()).toEqual([]);
    expect((await visitor.get('/me')).json).toEqual(NOBODY);
  });

  test('every login that fails is answered alike, and stores nothing', async () => {
    const before = await house.held();
    const { status, text, headers } = await visitor.login('nobody');
    expect([status, JSON.parse(text).error.code]).toEqual([401, 'LOGIN_FAILED']);
    for (const wrong of [
      { user: 'alice', password: 'carol-pass' },
      { user: 'carol', password: 'carol-pass' },
      { user: 'carol', password: 'carol-pass', factor: true },
      { user: 'alice', password: '', factor: true },
      { user: '__proto__', password: 'x' },
      { user: `alice\0\r\nSet-Cookie: a=1`, password: 'alice-pass' },
    ]) {
      const told = await visitor.post('/login', wrong);
      expect([told.status, told.text]).toEqual([status, text]);
      expect({ ...told.headers, date: '' }).toEqual({ ...headers, date: '' });
    }
    expect(await house.held()).toEqual(before);
  });

  test('theft: a ticket is worth nothing after logout, and what a slow request shows then neither', async () => {
    await visitor.login('alice', { remember: true });
    const thief = visitor.with(SESSION);
    expect(await thief.name()).toBe('alice');
    const both = visitor.with(SESSION, REMEMBER);
    await visitor.post('/logout');
    for (const one of [thief, both]) {
      expect(await one.name()).toBe(null);
      expect(code(await one.get('/private'))).toEqual([401, 'LOGIN_REQUIRED']);
    }
  });

  test('theft: a remember cookie that was replaced ends its family and its session, and is told', async () => {
    await visitor.login('alice', { remember: true });
    const thief = visitor.with(REMEMBER);
    const owner = visitor.with(REMEMBER);
    expect(await owner.name()).toBe('alice');
    house.clock.tick('21s');
    const reused = house.heard('reused');
    const shown = await thief.get('/private');
    expect(code(shown)).toEqual([401, 'LOGIN_REQUIRED']);
    expect(shown.setCookie.join()).not.toContain(SESSION);
    expect(house.heard('reused')).toBe(reused + 1);
    expect([await owner.name(), await owner.with(REMEMBER).name()]).toEqual([null, null]);
  });

  test('theft: the thief was first, and its session ends when the owner comes', async () => {
    await visitor.login('alice', { remember: true });
    const [thief, owner] = [visitor.with(REMEMBER), visitor.with(REMEMBER)];
    expect(await thief.name()).toBe('alice');
    house.clock.tick('21s');
    expect(await owner.name()).toBe(null);
    expect([await thief.name(), await thief.with(REMEMBER).name()]).toEqual([null, null]);
  });

  test('fixation: an id of before is worthless after the login, and what was laid into its session is gone', async () => {
    await visitor.post('/set', { k: 'planted', v: 'x' });
    const attacker = visitor.with(SESSION);
    await visitor.login('alice');
    expect(visitor.cookie(SESSION)).not.toBe(attacker.cookie(SESSION));
    expect((await visitor.get('/keys')).json).toEqual({ keys: [] });
    expect((await attacker.get('/me')).json).toEqual(NOBODY);
    expect((await attacker.get('/keys')).json).toEqual({ keys: [] });
  });

  test('fixation: an id that was never given out is adopted by nobody', async () => {
    visitor.jar.store([`${SESSION}=${'A'.repeat(43)}; Secure; Path=/`]);
    await visitor.login('alice');
    expect(visitor.cookie(SESSION)).not.toBe('A'.repeat(43));
    expect(await visitor.name()).toBe('alice');
    // Two cookies of one name, one of them planted by a sibling: nobody.
    const cookie = `${SESSION}=${'A'.repeat(43)}; ${SESSION}=${visitor.cookie(SESSION)}`;
    expect((await visitor.ask({ path: '/me', headers: { cookie } })).json).toEqual(NOBODY);
  });

  test('login-CSRF: another site logs nobody in, nor out, and sets no cookie', async () => {
    await visitor.login('alice');
    const before = await house.held();
    const own = { user: 'bob', password: 'bob-pass', remember: 'on', csrf_token: 'x' };
    for (const headers of [
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'same-site', Origin: 'http://sibling.127.0.0.1' },
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'null' },
    ]) {
      for (const path of ['/login', '/logout', '/stepup', '/sessions/revoke-all', '/transfer']) {
        for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
          const body = new URLSearchParams(own).toString();
          const told = await visitor.ask({ method: 'POST', path, headers: { ...headers, 'Content-Type': type }, body });
          expect([path, ...code(told), told.setCookie]).toEqual([path, 403, 'CSRF_FOREIGN', []]);
        }
      }
    }
    expect(await house.held()).toEqual(before);
    expect(await visitor.name()).toBe('alice');
  });

  test('a browser that says nothing of its site needs a token, also with a remember cookie alone', async () => {
    await visitor.login('alice', { remember: true });
    const silent = (who: Person, body: object) => who.silent.post('/transfer', body);
    const form = { to: 'bob', amount: '7' };
    const token = async (who: Person) => /value="([\w-]{65})"/.exec((await who.get('/form')).text)?.[1];
    expect((await silent(visitor, { ...form, csrf_token: await token(visitor) })).json).toEqual(OK);
    expect(code(await silent(visitor, form))).toEqual([403, 'CSRF_TOKEN_MISSING']);
    const restarted = visitor.with(REMEMBER);
    expect(code(await silent(restarted, form))).toEqual([403, 'CSRF_TOKEN_MISSING']);
    const own = await token(restarted);
    expect((await silent(restarted, { ...form, csrf_token: own })).json).toEqual(OK);
    expect(restarted.jar.names().sort()).toEqual([REMEMBER, SESSION]);
    expect(code(await silent(restarted, { ...form, csrf_token: own }))).toEqual([403, 'CSRF_TOKEN_INVALID']);
  });

  test('a login goes on to a path of ours, however another place is spelled', async () => {
    expect(BAD.length).toBeGreaterThanOrEqual(40);
    for (const [sent, goes] of GOOD) expect((await visitor.login('bob', { next: sent })).json.next).toBe(goes);
    for (const sent of BAD) {
      const { status, json } = await visitor.login('bob', { next: sent });
      expect([sent, status, json.next]).toEqual([sent, 200, '/']);
      if (typeof sent !== 'string') continue;
      const body = new URLSearchParams({ user: 'bob', password: 'bob-pass', next: sent }).toString();
      const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
      expect((await visitor.ask({ method: 'POST', path: '/login', headers, body })).json.next).toBe('/');
    }
    await visitor.post('/sessions/revoke-all');
  });

  test('remember me: known and not fresh after a restart, fresh again by the password, under a new id', async () => {
    await visitor.login('alice', { remember: true });
    const back = visitor.with(REMEMBER);
    const known = { user: 'alice', fresh: false, remembered: true };
    expect((await back.get('/private')).json).toEqual(known);
    expect(code(await back.get('/fresh'))).toEqual([401, 'LOGIN_STALE']);
    expect(code(await back.post('/confirm', { password: 'bob-pass' }))).toEqual([401, 'LOGIN_FAILED']);
    expect((await back.get('/me')).json).toEqual(known);
    await back.post('/set', { k: 'cart', v: ['tea'] });
    const before = back.with(SESSION);
    expect((await back.post('/confirm', { password: 'alice-pass' })).json).toEqual(ALICE);
    expect((await back.get('/fresh')).json).toEqual(ALICE);
    expect((await back.get('/keys')).json).toEqual({ keys: ['cart'] });
    expect(await before.name()).toBe(null);
  });

  test('remember me: twenty requests of a browser that was closed make one session and one successor', async () => {
    await visitor.login('bob');
    await visitor.post('/sessions/revoke-all');
    await visitor.login('bob', { remember: true });
    const tabs = Array.from({ length: 20 }, () => visitor.with(REMEMBER));
    expect(new Set(await Promise.all(tabs.map((tab) => tab.name())))).toEqual(new Set(['bob']));
    expect(new Set(tabs.map((tab) => tab.jar.header())).size).toBe(1);
    expect((await tabs[0]?.get('/sessions'))?.json.sessions).toHaveLength(1);
    await visitor.post('/sessions/revoke-all');
  });

  test('log out everywhere ends three browsers, what they would come back by, and an open socket', async () => {
    const browsers = [visitor, house.newVisitor(), house.newVisitor()];
    for (const one of browsers) await one.login('alice', { remember: true });
    const bob = house.newVisitor();
    await bob.login('bob');
    const socket = browsers[1]?.socket() as WebSocket;
    expect(await said(socket)).toEqual(ALICE);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    expect((await visitor.post('/sessions/revoke-all')).json).toEqual(OK);
    expect(visitor.jar.names()).toEqual([]);
    expect(await closed).toBe(1008);
    for (const one of browsers) {
      expect(await one.name()).toBe(null);
      expect(await one.with(REMEMBER).name()).toBe(null);
    }
    expect(await bob.name()).toBe('bob');
  });

  test('one device is ended by its name, and only by its owner', async () => {
    const other = house.newVisitor();
    const bob = house.newVisitor();
    await visitor.login('alice');
    await visitor.post('/sessions/revoke-all');
    for (const one of [visitor, other]) await one.login('alice');
    await bob.login('bob');
    const { sessions } = (await visitor.get('/sessions')).json;
    expect(sessions).toHaveLength(2);
    expect(sessions.filter((one: { current: boolean }) => one.current)).toHaveLength(1);
    const { handle } = sessions.find((one: { current: boolean }) => !one.current);
    const { handle: own } = (await other.get('/info')).json;
    expect(handle).toBe(own);
    for (const wrong of [handle, other.cookie(SESSION), 'x', '', '__proto__']) {
      expect(code(await bob.post('/sessions/revoke', { handle: wrong }))).toEqual([404, 'NOT_FOUND']);
    }
    expect(await other.name()).toBe('alice');
    expect((await visitor.post('/sessions/revoke', { handle })).json).toEqual(OK);
    expect([await other.name(), await visitor.name()]).toEqual([null, 'alice']);
    expect(code(await visitor.post('/sessions/revoke', { handle }))).toEqual([404, 'NOT_FOUND']);
    await visitor.post('/sessions/revoke-all');
  });

  test('between password and second factor nobody is there, on no route and no socket', async () => {
    await visitor.post('/set', { k: 'a', v: 1 });
    const before = visitor.with(SESSION);
    expect((await visitor.login('alice', { factor: true })).json).toEqual({ ...NOBODY, factor: 'code' });
    expect((await visitor.get('/me')).json).toEqual(NOBODY);
    for (const one of GUARDED) expect([one, code(await ask(visitor, one))]).toEqual([one, [401, 'LOGIN_REQUIRED']]);
    const socket = visitor.socket();
    expect(await said(socket)).toEqual(NOBODY);
    socket.terminate();
    expect(code(await before.post('/stepup', { code: '000000' }))).toEqual([401, 'LOGIN_REQUIRED']);
    expect(code(await visitor.post('/stepup', { code: '123456' }))).toEqual([401, 'LOGIN_FAILED']);
    const pending = visitor.with(SESSION);
    expect((await visitor.post('/stepup', { code: '000000', next: '/fresh', remember: true })).json).toEqual({
      ...ALICE,
      next: '/fresh',
    });
    expect(visitor.jar.names().sort()).toEqual([REMEMBER, SESSION]);
    expect((await visitor.get('/fresh')).json).toEqual(ALICE);
    expect(code(await pending.post('/stepup', { code: '000000' }))).toEqual([401, 'LOGIN_REQUIRED']);
  });

  test('a code confirms who is logged in, under a new id; of a second factor that takes too long nothing is left', async () => {
    await visitor.login('alice', { remember: true });
    const back = visitor.with(REMEMBER);
    await back.get('/me');
    const before = back.cookie(SESSION);
    expect((await back.post('/stepup', { code: '000000' })).json).toEqual({ ...ALICE, next: '/' });
    expect(back.cookie(SESSION)).not.toBe(before);
    const late = house.newVisitor();
    await late.login('alice', { factor: true });
    house.clock.tick('11m');
    expect(code(await late.post('/stepup', { code: '000000' }))).toEqual([401, 'LOGIN_REQUIRED']);
  });

  test('a page for a user costs one read, the CSRF check nothing, and a page without a login nothing at all', async () => {
    await visitor.login('alice');
    house.store.reset();
    const verbs = () => house.store.calls.map(({ verb }) => verb);
    expect((await visitor.get('/private')).status).toBe(200);
    expect(verbs()).toEqual([expect.stringMatching(/^read/)]);
    house.store.reset();
    expect((await visitor.post('/transfer', { to: 'bob', amount: '1' })).json).toEqual(OK);
    expect(verbs()).toEqual([expect.stringMatching(/^read/)]);
    house.store.reset();
    const stranger = house.newVisitor();
    for (const path of ['/me', '/private', '/public', '/form']) await stranger.get(path);
    await stranger.post('/transfer', { to: 'bob', amount: '1' });
    await stranger.post('/login', { user: 'bob', password: 'x' });
    expect(verbs()).toEqual([]);
  });

  test('with a dead store nobody is somebody, nobody is logged out in silence, and a logout clears the browser', async () => {
    await visitor.login('alice', { remember: true });
    const known = visitor.jar.header();
    house.store.always('*', 'break');
    try {
      for (const path of ['/me', '/private']) {
        const told = await visitor.get(path);
        expect([path, told.status, told.setCookie]).toEqual([path, 503, []]);
      }
      expect((await visitor.with(REMEMBER).get('/me')).status).toBe(503);
      expect((await house.newVisitor().login('bob')).status).toBe(503);
      expect((await visitor.get('/public')).status).toBe(200);
      expect(visitor.jar.header()).toBe(known);
      const told = await visitor.post('/logout');
      expect([told.status, visitor.jar.names()]).toEqual([503, []]);
    } finally {
      house.store.reset();
    }
  });

  test('a socket says who opened it, is for pages of ours only, and ends with its session', async () => {
    await visitor.login('alice');
    const refused = visitor.socket('https://evil.example');
    expect(
      await new Promise((resolve) =>
        refused.once('unexpected-response', (_request, { statusCode }) => resolve(statusCode)),
      ),
    ).toBe(403);
    const socket = visitor.socket();
    expect(await said(socket)).toEqual(ALICE);
    const again = said(socket);
    socket.send('who?');
    expect(await again).toEqual(ALICE);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await visitor.post('/logout');
    expect(await closed).toBe(1008);
  });

  test('a new password ends every other session and every remember cookie, and this one goes on', async () => {
    const other = house.newVisitor();
    for (const one of [visitor, other]) await one.login('alice', { remember: true });
    await visitor.post('/set', { k: 'cart', v: ['tea'] });
    const old = visitor.with(SESSION);
    const remembered = [visitor.with(REMEMBER), other.with(REMEMBER)];
    expect(code(await visitor.post('/password', { old: 'x', new: 'y' }))).toEqual([401, 'LOGIN_FAILED']);
    expect(await other.name()).toBe('alice');
    house.store.always('*', 'break');
    expect((await visitor.post('/password', { old: 'alice-pass', new: 'never' })).status).toBe(503);
    house.store.reset();
    expect((await visitor.post('/password', { old: 'alice-pass', new: 'next' })).json).toEqual(ALICE);
    for (const one of [old, other, ...remembered]) expect(await one.name()).toBe(null);
    expect((await visitor.get('/private')).json).toEqual(ALICE);
    expect((await visitor.get('/get?k=cart')).json).toEqual({ value: ['tea'] });
    expect(visitor.jar.names()).toEqual([SESSION]);
    expect(code(await house.newVisitor().login('alice'))).toEqual([401, 'LOGIN_FAILED']);
    expect((await visitor.post('/password', { old: 'next', new: 'alice-pass' })).status).toBe(200);
  });
});
