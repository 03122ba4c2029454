import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type App, fleet, SEALED } from './app.ts';
import { Person } from './login-house.ts';

const { start } = fleet();

const SESSION = '__Host-session';
const REMEMBER = '__Host-remember';
const NOBODY = { user: null, fresh: false, remembered: false };
const ALICE = { user: 'alice', fresh: true, remembered: false };

describe.each([
  ['express', 'none'],
  ['node', 'denylist'],
  ['fetch', 'epoch'],
])('login on %s, in sealed cookies with revocation %s', (adapter, revocation) => {
  let app: App;
  let visitor: Person;
  beforeAll(async () => {
    app = await start({ ADAPTER: adapter, REVOCATION: revocation, ...SEALED });
  });
  beforeEach(() => {
    visitor = new Person(app.port);
  });

  test('a login lasts until the logout, and its copy where nothing is remembered of that', async () => {
    expect((await visitor.login('carol')).status).toBe(401);
    expect((await visitor.login('alice', { next: '/fresh' })).json).toEqual({ ...ALICE, next: '/fresh' });
    for (const path of ['/me', '/private', '/fresh']) expect((await visitor.get(path)).json).toEqual(ALICE);
    expect((await visitor.post('/transfer', { to: 'bob', amount: '1' })).status).toBe(200);
    const copy = visitor.with(SESSION);
    expect((await visitor.post('/logout')).status).toBe(200);
    expect([visitor.jar.names(), await visitor.name()]).toEqual([[], null]);
    expect(await copy.name()).toBe(revocation === 'none' ? 'alice' : null);
  });

  test('who is remembered is known and not fresh, and is confirmed by the password', async () => {
    await visitor.login('bob', { remember: true });
    const back = visitor.with(REMEMBER);
    expect((await back.get('/private')).json).toEqual({ user: 'bob', fresh: false, remembered: true });
    expect((await back.get('/fresh')).json.error.code).toBe('LOGIN_STALE');
    expect((await back.post('/confirm', { password: 'bob-pass' })).json).toEqual({ ...ALICE, user: 'bob' });
    expect((await back.get('/fresh')).status).toBe(200);
  });

  test('between password and second factor nobody is there', async () => {
    expect((await visitor.login('alice', { factor: true })).json).toEqual({ ...NOBODY, factor: 'code' });
    expect([await visitor.name(), (await visitor.get('/private')).status]).toEqual([null, 401]);
    expect((await visitor.post('/stepup', { code: '000000' })).json).toEqual({ ...ALICE, next: '/' });
    expect((await visitor.get('/fresh')).json).toEqual(ALICE);
  });

  test('a new password ends every other login and every remember cookie, and this one goes on', async () => {
    const other = new Person(app.port);
    for (const one of [visitor, other]) await one.login('bob', { remember: true });
    const copies = [other, other.with(REMEMBER), visitor.with(REMEMBER), visitor.with(SESSION)];
    expect((await visitor.post('/password', { old: 'bob-pass', new: 'next' })).status).toBe(200);
    expect([await visitor.name(), visitor.jar.names()]).toEqual(['bob', [SESSION]]);
    for (const one of copies) expect(await one.name()).toBe(null);
    expect(await visitor.name()).toBe('bob');
    await visitor.post('/password', { old: 'next', new: 'bob-pass' });
  });

  test('devices are listed nowhere, and all are ended at once by an epoch alone', async () => {
    const other = new Person(app.port);
    for (const one of [visitor, other]) await one.login('alice');
    for (const told of [await visitor.get('/sessions'), await visitor.post('/sessions/revoke', { handle: 'x' })]) {
      expect([told.status, told.json.error.code]).toEqual([501, 'OWNERS_UNSUPPORTED']);
    }
    const { status } = await visitor.post('/sessions/revoke-all');
    expect([status, await other.name()]).toEqual(revocation === 'epoch' ? [200, null] : [501, 'alice']);
  });
});
