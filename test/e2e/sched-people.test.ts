import { memoryStore } from 'coatcheck/store/memory';
import { type FaultyStore, faultyStore } from 'coatcheck/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Users } from '../../examples/sched/users.ts';
import { dumpOf, NOW, PASSWORD, type Running, runSched, Visitor } from './sched-visitor.ts';

const FORM = { title: 'Dentist', date: '2026-11-25', time: '09:30', minutes: '30', place: '', note: '' };

let store: FaultyStore;
let app: Running;

beforeEach(async () => {
  store = faultyStore(memoryStore());
  app = await runSched(store);
});

afterEach(() => app.stop());

const visitor = (): Visitor => new Visitor(app);

async function ann(): Promise<Visitor> {
  const browser = visitor();
  await browser.register('ann');
  return browser;
}

/** The same browser after a restart: what ends with the session is gone. */
function reopened(browser: Visitor, ...kept: string[]): Visitor {
  const fresh = visitor();
  for (const name of kept) {
    fresh.jar.store([`${name}=${browser.jar.get(name)}; Path=/; Max-Age=9999`], { secure: false });
  }
  return fresh;
}

const handles = (page: string): string[] =>
  [...page.matchAll(/<code>([\w-]+)<\/code>/g)].map(([, handle = '']) => handle);
const isKnown = async (browser: Visitor): Promise<boolean> => (await browser.read('/')).includes('Log out');

test('each act is told by one message, on the next page and on no other', async () => {
  const browser = visitor();
  const told: string[] = [];
  const look = async (page: string) => {
    told.push(...[...page.matchAll(/role="status">([^<]+)</g)].map(([, text = '']) => text));
    expect(await browser.read('/')).not.toContain('role="status">');
  };
  await look(await browser.register('ann'));
  await look(await browser.follow(await browser.post('/logout')));
  await look(await browser.follow(await browser.send('/new')));
  await look(await browser.logIn('ann'));
  await look(await browser.follow(await browser.post('/appointments', FORM)));
  const path = /\/appointments\/[\w-]+/.exec(await browser.read('/'))?.[0] ?? '';
  await look(await browser.follow(await browser.post(path, FORM)));
  await look(await browser.follow(await browser.post(`${path}/delete`)));
  await look(await browser.follow(await browser.post('/draft', FORM)));
  await look(await browser.follow(await browser.post('/draft/discard')));
  await look(await browser.follow(await browser.post('/confirm', { password: PASSWORD })));
  await browser.read('/account');
  await look(
    await browser.follow(await browser.post('/account/password', { current: PASSWORD, changed: `${PASSWORD}!` })),
  );
  await browser.read('/account');
  await look(await browser.follow(await browser.post('/account/delete')));
  expect(told).toEqual([
    'Welcome, ann. This book is yours.',
    'You are logged out.',
    'Please log in first.',
    'Welcome back, ann.',
    'The appointment is added.',
    'Your changes are saved.',
    'The appointment is deleted.',
    'Your draft is kept.',
    'Your draft is discarded.',
    'Thank you, it is you.',
    'Your password is changed. Everywhere else you are logged out.',
    'Your account is deleted, with everything in it.',
  ]);
});

test('after a login the visitor goes on to where they were, and never to another site', async () => {
  await ann();
  const browser = visitor();
  const refused = await browser.send('/account/devices');
  expect([refused.status, refused.location]).toEqual([302, '/login?next=%2Faccount%2Fdevices']);
  expect(await browser.follow(refused)).toContain('name="next" value="/account/devices"');
  const body = { name: 'ann', password: PASSWORD };
  expect((await browser.post('/login', { ...body, next: '/account/devices' })).location).toBe('/account/devices');
  for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
    const other = visitor();
    expect(await other.read(`/login?${new URLSearchParams({ next })}`)).toContain('name="next" value="/"');
    expect((await other.post('/login', { ...body, next })).location).toBe('/');
  }
});

test('a name is one user’s, also when two want it at the same moment, and however it is written', async () => {
  const both = [visitor(), visitor()];
  await Promise.all(both.map((browser) => browser.read('/register')));
  const answers = await Promise.all(
    both.map((browser) => browser.post('/register', { name: 'ann', password: PASSWORD })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([303, 422]);
  const third = visitor();
  await third.read('/register');
  const taken = await third.post('/register', { name: ' ＡＮＮ ', password: PASSWORD });
  expect([taken.status, taken.body]).toEqual([422, expect.stringContaining('This name is taken.')]);
  expect(await third.logIn(' Ann ')).toContain('Welcome back, ann.');
});

test('users survive a restart of the server, as their sessions and books do', async () => {
  const browser = await ann();
  await browser.post('/appointments', FORM);
  await app.stop();
  app = await runSched(store);
  browser.origin = app.origin;
  expect(await browser.read('/')).toContain('Dentist');
  expect(await visitor().logIn('ann')).toContain('Dentist');
});

test('who is remembered is known and not fresh, and what cannot be undone wants the password again', async () => {
  const first = await ann();
  await first.post('/logout');
  await first.logIn('ann', { remember: 'on' });
  const browser = reopened(first, 'remember');
  expect(await browser.read('/account')).toContain('This device remembered you.');
  const refused = await browser.send('/account/delete');
  expect(refused.location).toBe('/confirm?next=%2Faccount%2Fdelete');
  expect(await browser.follow(refused)).toContain('This wants your password once more.');
  expect((await browser.post('/account/delete')).location).toBe('/confirm');
  await browser.read('/confirm');
  const wrong = await browser.post('/confirm', { password: 'not it', next: '/account/delete' });
  expect([wrong.status, wrong.body]).toEqual([422, expect.stringContaining('That did not work.')]);
  const right = await browser.post('/confirm', { password: PASSWORD, next: '/account/delete' });
  expect(await browser.follow(right)).toContain('Delete your account?');
  expect(await browser.read('/account')).toContain('You logged in here by your password.');
});

test('a device is ended by its handle, and the handle of somebody else is a 404', async () => {
  const first = await ann();
  const second = visitor();
  await second.logIn('ann', { remember: 'on' });
  const bob = visitor();
  await bob.register('bob');
  const [his = ''] = handles(await bob.read('/account/devices'));
  const page = await first.read('/account/devices');
  expect(handles(page)).toHaveLength(2);
  expect(page.match(/This device/g)).toHaveLength(1);
  for (const handle of [his, 'x', '..', '%00']) {
    expect((await first.post(`/account/devices/${handle}/revoke`)).status, handle).toBe(404);
  }
  expect(await isKnown(bob)).toBe(true);
  const own = /This device[\s\S]*?<code>([\w-]+)</.exec(page)?.[1] ?? '';
  const [away = ''] = handles(page).filter((handle) => handle !== own);
  expect((await first.post(`/account/devices/${away}/revoke`)).location).toBe('/account/devices');
  expect(await isKnown(reopened(second, 'remember'))).toBe(false);
  expect(await isKnown(second)).toBe(false);
  await first.read('/account/devices');
  expect((await first.post(`/account/devices/${own}/revoke`)).location).toBe('/');
  expect(await isKnown(first)).toBe(false);
});

test('logging out everywhere ends every session, this one and remembered ones too', async () => {
  const first = await ann();
  const second = visitor();
  await second.logIn('ann', { remember: 'on' });
  const closed = reopened(second, 'remember');
  const answer = await first.post('/account/devices/revoke-all');
  expect(await first.follow(answer)).toContain('You are logged out everywhere.');
  for (const browser of [first, second, closed]) expect(await isKnown(browser)).toBe(false);
});

test('another password ends every other session and what remembers one, and keeps this one under a new id', async () => {
  const first = await ann();
  const second = visitor();
  await second.logIn('ann', { remember: 'on' });
  const closed = reopened(second, 'remember');
  const before = first.jar.get('session');
  await first.read('/account');
  const changed = 'another coat, another ticket';
  const wrong = await first.post('/account/password', { current: 'not it', changed });
  expect([wrong.status, wrong.body]).toEqual([422, expect.stringContaining('aria-describedby="current-problem"')]);
  const short = await first.post('/account/password', { current: PASSWORD, changed: 'short' });
  expect([short.status, short.body]).toEqual([422, expect.stringContaining('aria-describedby="changed-problem"')]);
  await first.follow(await first.post('/account/password', { current: PASSWORD, changed }));
  expect(await isKnown(first)).toBe(true);
  expect(first.jar.get('session')).not.toBe(before);
  // At once, and not only when they ask next.
  expect(handles(await first.read('/account/devices'))).toHaveLength(1);
  for (const browser of [second, closed]) expect(await isKnown(browser)).toBe(false);
  expect(await visitor().logIn('ann')).toContain('That did not work.');
  expect(await visitor().logIn('ann', { password: changed })).toContain('Welcome back');
});

test('a login by the old password that overlaps its change leaves nobody logged in, nor remembered', async () => {
  const first = await ann();
  const thief = visitor();
  await thief.read('/login');
  await first.read('/account');
  let release: () => void = () => undefined;
  store.reset();
  // The thief's password has been found right, and the new session waits to be stored.
  store.next('create', { before: new Promise<void>((resolve) => (release = resolve)) });
  const entering = thief.post('/login', { name: 'ann', password: PASSWORD, remember: 'on' });
  await vi.waitFor(() => expect(store.calls.some(({ verb }) => verb === 'create')).toBe(true), { interval: 5 });
  await first.post('/account/password', { current: PASSWORD, changed: 'another coat, another ticket' });
  release();
  expect((await entering).headers.getSetCookie().join()).toMatch(/remember=./);
  for (const cookie of ['remember', 'session']) expect(await isKnown(reopened(thief, cookie)), cookie).toBe(false);
  expect(await isKnown(first)).toBe(true);
});

test('a deleted account leaves nothing behind, and who takes its name next finds an empty book', async () => {
  const guest = visitor();
  await guest.read('/');
  const first = await ann();
  await first.post('/appointments', { ...FORM, title: 'Secret' });
  const second = visitor();
  await second.logIn('ann', { remember: 'on' });
  const closed = reopened(second, 'remember');
  await first.follow(await first.post('/account/delete'));
  for (const browser of [first, second, closed]) expect(await isKnown(browser)).toBe(false);
  expect(JSON.stringify(await dumpOf(store))).not.toMatch(/Secret|argon2|ann/);
  expect(await visitor().logIn('ann')).toContain('That did not work.');
  const page = await visitor().register('ann');
  expect(page).toContain('Welcome, ann.');
  expect(page).not.toContain('Secret');
});

test('who is not active any more is nobody from the next request on', async () => {
  const first = await ann();
  const users = new Users(app.sessions, () => NOW);
  const user = await users.named('ann');
  if (user !== undefined) await users.setActive(user, false);
  expect(await isKnown(first)).toBe(false);
  expect(await visitor().logIn('ann')).toContain('That did not work.');
});

test('every form of every page has a token, and counts for nothing without it', async () => {
  const first = await ann();
  await first.post('/appointments', FORM);
  await first.post('/draft', FORM);
  const path = /\/appointments\/[\w-]+/.exec(await first.read('/'))?.[0] ?? '';
  const pages = ['/', '/new', `${path}/edit`, `${path}/delete`, '/session', '/account', '/account/devices'];
  const actions = new Set<string>();
  for (const [browser, paths] of [
    [visitor(), ['/login', '/register']],
    [first, [...pages, '/account/delete', '/confirm', '/nowhere']],
  ] as const) {
    for (const at of paths) {
      for (const [form = ''] of (await browser.read(at)).matchAll(/<form[\s\S]*?<\/form>/g)) {
        expect(form, at).toMatch(
          /^<form method="post"[^>]*>\s*<input type="hidden" name="csrf_token" value="[\w-]{60,}">/,
        );
        for (const [, action = ''] of form.matchAll(/(?:form)?action="([^"]+)"/g)) actions.add(action);
      }
    }
    const before = await dumpOf(store);
    for (const action of actions) {
      const answer = await browser.send(action, { method: 'POST', body: new URLSearchParams(FORM) });
      expect([answer.status, answer.body], action).toEqual([403, expect.stringContaining('That form was not ours')]);
    }
    expect(await dumpOf(store)).toEqual(before);
  }
  expect(actions.size).toBeGreaterThanOrEqual(13);
});

test('a form that another site posts is refused, whatever it knows', async () => {
  const first = await ann();
  const before = await dumpOf(store);
  for (const headers of [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: first.origin },
    { 'Sec-Fetch-Site': 'same-site' },
  ] as Record<string, string>[]) {
    const body = new URLSearchParams({ ...FORM, csrf_token: first.token });
    expect((await first.send('/appointments', { method: 'POST', headers, body })).status).toBe(403);
  }
  expect(await dumpOf(store)).toEqual(before);
});

test('what is private is kept by no cache, and a logout takes the cookies along', async () => {
  const first = await ann();
  await first.post('/logout');
  await first.logIn('ann', { remember: 'on' });
  for (const path of ['/', '/account', '/nowhere']) {
    expect((await first.send(path)).headers.get('cache-control'), path).toContain('no-store');
  }
  const ticket = first.jar.get('session');
  const answer = await first.post('/logout');
  expect(answer.headers.getSetCookie().join()).toMatch(/remember=;/);
  expect(first.jar.get('session')).not.toBe(ticket);
  expect(first.jar.names()).not.toContain('remember');
});

test('the script that keeps the draft is told when nobody is logged in, by no page and no message', async () => {
  const first = await ann();
  expect((await first.post('/draft/typed', FORM)).status).toBe(204);
  expect(await first.read('/')).toContain('Draft kept:');
  await first.follow(await first.post('/logout'));
  await first.read('/login');
  const before = await dumpOf(store);
  const answer = await first.post('/draft/typed', FORM);
  expect([answer.status, answer.body, answer.headers.getSetCookie()]).toEqual([401, '', []]);
  expect(await dumpOf(store)).toEqual(before);
});
