import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parityProblems } from '../../scripts/check-parity.ts';
import { LOGIN_EVENT_TYPES } from '../../src/events.ts';
import { createSessions } from '../../src/index.ts';
import { createLogin, type LoginUser, type Protection } from '../../src/login/index.ts';
import { CookieJar, sessionTransaction } from '../../src/testing/index.ts';
import { block, browse, browseFetch, pageBlocks, root, run } from './blocks.ts';

const PAGE = 'docs/login.md';
const text = readFileSync(join(root, PAGE), 'utf8');

describe(PAGE, () => {
  test('In 30 seconds: who is refused logs in, goes on, and logs out', async () => {
    const { app } = await run(block(PAGE, 'In 30 seconds'));
    await browse(app, async (visit) => {
      const refused = await visit('/');
      expect([refused.status, refused.headers.get('location')]).toEqual([302, '/login?next=%2F']);
      const form = (password: string, next = '/') => ({
        method: 'POST',
        body: new URLSearchParams({ name: 'ann', password, next }),
      });
      expect((await visit('/login', form('wrong'))).headers.get('location')).toBe('/login');
      expect((await visit('/login', form('correct horse', '//evil.example'))).headers.get('location')).toBe('/');
      expect((await visit('/')).text).toBe('Hello');
      await visit('/logout', { method: 'POST' });
      expect((await visit('/')).status).toBe(302);
    });
  });

  test('Guards: a Fetch application refuses strangers', async () => {
    const { default: app } = await run(block(PAGE, 'Guards'));
    const visit = browseFetch(app.fetch);
    expect([(await visit('/')).status, (await visit('/account')).status]).toEqual([401, 401]);
  });

  test.each<[Protection, boolean]>([
    ['none', true],
    ['basic', true],
    ['strong', false],
  ])('In tests: a test logs somebody in without a password, with protection %s', async (protection, fresh) => {
    const sessions = createSessions();
    const login = createLogin({ sessions, protection, userLoader: (id): LoginUser => ({ id }) });
    const jar = new CookieJar();
    await sessionTransaction(sessions, jar, (session) => login.of(session).loginUser({ id: 'ann' }, { fresh }));
    await sessionTransaction(sessions, jar, async (session) => {
      expect(await login.of(session).user()).toEqual({ id: 'ann' });
      expect(login.of(session).isFresh()).toBe(fresh);
    });
  });

  test('In tests: the block gives a jar that is logged in', async () => {
    const { loggedIn } = await run(block(PAGE, 'In tests'));
    expect((await loggedIn({ id: 'ann' })).get('__Host-session')).toMatch(/^[\w-]{43}$/);
  });

  test.each(
    pageBlocks(PAGE)
      .filter(({ language, runs }) => language === 'ts' && runs)
      .map((one) => [one.name, one] as const),
  )('%s: runs', async (_name, one) => void (await run(one)));

  test('tells every event of a login, and no other', () => {
    const section = text.slice(text.indexOf('## Events'), text.indexOf('## For users of Flask-Login'));
    const told = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, type]) => type);
    expect(told).toEqual([...LOGIN_EVENT_TYPES]);
  });
});

test('docs/parity.md: each line names a test that exists, or a reason', () => {
  expect(parityProblems(readFileSync(join(root, 'docs/parity.md'), 'utf8'))).toEqual([]);
});

test('docs/parity.md: a test that is gone, a reason that is none, and too many of them are noticed', () => {
  const reasons = Array.from({ length: 16 }, (_, at) => `${at + 1}. Because.`).join('\n');
  const page = `| a | test/docs/login.test.ts: never written |\n| b | reason 17 |\n| c | somewhere |\n${reasons}`;
  expect(parityProblems(page).length).toBeGreaterThan(16);
});
