import { memoryStore } from 'coatcheck/store/memory';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dumpOf, PASSWORD, type Running, runSched, Visitor } from './sched-visitor.ts';

const APPOINTMENT = { title: 'Dentist', date: '2026-11-25', time: '09:30', minutes: '30', place: '', note: '' };

/** Every form, as it would be right. */
const FORMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/register': { name: 'bob', password: PASSWORD },
  '/login': { name: 'ann', password: PASSWORD, next: '/', remember: 'on' },
  '/confirm': { password: PASSWORD, next: '/' },
  '/account/password': { current: PASSWORD, changed: 'another coat, another ticket', remember: 'on' },
  '/appointments': APPOINTMENT,
  '/appointments/ID': APPOINTMENT,
  '/draft': APPOINTMENT,
  '/draft/typed': APPOINTMENT,
};

/** Fields without which the form is right too: what is wrong with them is ignored, and the form counts. */
const OPTIONAL = ['next', 'remember'];

const LARGE = 'x'.repeat(1_000_000);

type Pairs = [string, string][];

/** What can be wrong with one field. */
const WRONGS: Readonly<Record<string, (name: string, value: string) => Pairs>> = {
  'is missing': () => [],
  'is there twice': (name, value) => [
    [name, value],
    [name, 'again'],
  ],
  'is an array': (name, value) => [[`${name}[]`, value]],
  'is an object': (name, value) => [[`${name}[$ne]`, value]],
  'is JSON': (name) => [[name, '{"$ne":null}']],
  'has a megabyte': (name) => [[name, LARGE]],
  'has control characters': (name, value) => [[name, `\u0000${value}\u0007\r\n\u007f`]],
};

/** Where any text is right: then there is nothing to refuse in JSON. */
const ANY_TEXT = ['title', 'place', 'note', 'changed'];

function mayBeJson(path: string, field: string): boolean {
  return ANY_TEXT.includes(field) || path.startsWith('/draft') || (path === '/register' && field === 'password');
}

let app: Running;
const store = memoryStore();

beforeAll(async () => {
  app = await runSched(store, { options: { limits: { device: { failures: 1000, within: '1h' } } } });
});

afterAll(() => app.stop());

async function annAt(path: string): Promise<{ browser: Visitor; target: string }> {
  const browser = new Visitor(app);
  if (path === '/register' || path === '/login') {
    await browser.read(path);
    return { browser, target: path };
  }
  const page = (await browser.logIn('ann')) + (await browser.read('/'));
  return { browser, target: path.replace('ID', /\/appointments\/([\w-]+)/.exec(page)?.[1] ?? 'none') };
}

describe('a field of a form', () => {
  beforeAll(async () => {
    const ann = new Visitor(app);
    await ann.register('ann');
    await ann.post('/appointments', APPOINTMENT);
  });

  for (const [path, form] of Object.entries(FORMS)) {
    test(`of ${path} that is not as our pages send it is refused or ignored, and stores nothing`, async () => {
      const { browser, target } = await annAt(path);
      const before = await dumpOf(store);
      for (const [field, value] of Object.entries(form)) {
        if (OPTIONAL.includes(field)) continue;
        for (const [wrong, pairs] of Object.entries(WRONGS)) {
          if (wrong === 'is JSON' && mayBeJson(path, field)) continue;
          const others = Object.entries(form).filter(([name]) => name !== field);
          const { status, body, location } = await browser.post(target, [...others, ...pairs(field, value)]);
          const what = `${field} ${wrong}: ${status} ${location ?? body.length}`;
          const failedLogin = path === '/login' && location?.startsWith('/login?failed=1') === true;
          expect(failedLogin || [400, 413, 422].includes(status), what).toBe(true);
        }
      }
      expect(await dumpOf(store)).toEqual(before);
    });
  }

  test.each(OPTIONAL)('named %s is ignored where it is not as our pages send it', async (field) => {
    for (const pairs of Object.values(WRONGS)) {
      const { browser } = await annAt('/login');
      const given = pairs(field, '/account').filter(([, value]) => value !== LARGE);
      const answer = await browser.post('/login', [['name', 'ann'], ['password', PASSWORD], ...given]);
      expect([answer.status, answer.location]).toEqual([303, '/']);
      expect(answer.headers.getSetCookie().join()).not.toContain('remember=');
    }
  });

  test('that holds the token counts for nothing when it is wrong in any of these ways', async () => {
    const { browser } = await annAt('/draft');
    const before = await dumpOf(store);
    for (const [wrong, pairs] of Object.entries(WRONGS)) {
      const body = new URLSearchParams([...Object.entries(APPOINTMENT), ...pairs('csrf_token', browser.token)]);
      const { status } = await browser.send('/draft', { method: 'POST', body });
      expect([403, 413], wrong).toContain(status);
    }
    expect(await dumpOf(store)).toEqual(before);
  });

  test.each(Object.keys(FORMS))('of %s comes in a form, and in no other body', async (path) => {
    const { browser, target } = await annAt(path);
    const before = await dumpOf(store);
    for (const body of [JSON.stringify(FORMS[path]), '{"name":{"$ne":null},"password":{"$ne":null}}', 'null', '']) {
      const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': browser.token };
      expect((await browser.send(target, { method: 'POST', headers, body })).status, body).toBe(400);
    }
    expect(await dumpOf(store)).toEqual(before);
  });
});
