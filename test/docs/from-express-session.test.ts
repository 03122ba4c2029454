import { createRequire } from 'node:module';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { block, browse, form, type PageBlock, pageBlocks, run, type Visit } from './blocks.ts';

const PAGE = 'docs/from-express-session.md';
const OLD_SECRETS = ['4yGQ0pZkT9vXr2LwHn7mBc5sDf8aUe1J', 'oN6qHt3YxWb8KdRz5uJm0VcFg7SpLe2A'] as const;

async function count(visit: Visit): Promise<void> {
  expect((await visit('/')).text).toBe('Visit 1');
  expect((await visit('/')).text).toBe('Visit 2');
}

async function login(visit: Visit): Promise<void> {
  expect((await visit('/')).text).toBe('nobody');
  const before = (await visit('/login', form({ user: 'ann' }))).cookies;
  expect((await visit('/')).text).toBe('ann');
  const after = await visit('/login', form({ user: 'bob' }));
  expect(after.status).toBe(302);
  expect(after.cookies).toHaveLength(1);
  expect(after.cookies[0]?.split(';')[0]).not.toBe(before[0]?.split(';')[0]);
  expect((await visit('/')).text).toBe('bob');
}

/** What a block must do; those of both libraries under one heading the same. */
const SCENES: Readonly<Record<string, (visit: Visit, another: () => Visit) => Promise<void>>> = {
  'Set up': count,
  Login: login,
  'Login 2': login,
  Logout: async (visit) => {
    for (const way of ['/destroy', '/null']) {
      await visit('/in');
      expect((await visit('/')).text).toBe('ann');
      expect((await visit(way)).text).toBe('bye');
      expect((await visit('/')).text).toBe('nobody');
    }
  },
  'A login that outlives the browser': async (visit) => {
    const [cookie = ''] = (await visit('/stay')).cookies;
    const ends = Date.parse(/; Expires=([^;]*)/.exec(cookie)?.[1] ?? '');
    expect(Math.round((ends - Date.now()) / 86_400_000)).toBe(30);
  },
  'Cookie options': async (visit) => {
    const { text, cookies } = await visit('/');
    expect(text).toBe('ok');
    for (const cookie of cookies) {
      expect(cookie.startsWith('shop=')).toBe(true);
      expect(cookie.split('; ').slice(1).sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
    }
  },
  'Who is it: sessionID': async (visit) => {
    const first = await visit('/');
    expect(first.text).toMatch(/^[\w-]{22}$/);
    expect(first.cookies[0]).not.toContain(first.text);
    expect((await visit('/')).text).toBe(first.text);
  },
  'A user’s other sessions': async (visit, another) => {
    for (const browser of [visit, another(), another()]) await browser('/in');
    expect((await visit('/devices')).text).toBe('3');
    expect((await visit('/logout-elsewhere', { method: 'POST' })).text).toBe('2');
    expect((await visit('/devices')).text).toBe('1');
  },
  'cookie-session': count,
  Stores: count,
};

const named = (heading: string) => heading.replace("'", '’');
const runnable = (language: string) => pageBlocks(PAGE).filter((one) => one.language === language && one.runs);

async function play(of: PageBlock): Promise<void> {
  vi.stubEnv('SECRET_KEY', OLD_SECRETS[0]);
  vi.stubEnv('OLD_SECRET_KEY', OLD_SECRETS[1]);
  const { app } = await run(of);
  await browse(app, async (visit, another) => {
    await SCENES[named(of.name)]?.(visit, another);
  });
}

afterEach(() => vi.unstubAllEnvs());

describe('docs/from-express-session.md with coatcheck', () => {
  test.each(Object.keys(SCENES))('%s', async (heading) => {
    await play(block(PAGE, heading.replace('’', "'")));
  });

  test('Tests', async () => {
    await run(block(PAGE, 'Tests'));
  });

  test('every block is run by a test or, where it only declares types, compiled', () => {
    const names = runnable('ts').map(({ name }) => named(name));
    const declares = ['Types', 'Types 2'];
    expect(names.sort()).toEqual([...Object.keys(SCENES), 'Tests', ...declares].sort());
  });
});

function installed(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

const theirs = runnable('js').filter(({ code }) => {
  const [, library = ''] = /import session from '([^']+)'/.exec(code) ?? [];
  return installed(library);
});

// Registered where the library is there: what it did before is no promise of ours.
if (theirs.length > 0) {
  describe('docs/from-express-session.md with the other library', () => {
    test.each(theirs.map((one) => [one.name, one] as const))('%s', async (_name, of) => {
      await play(of);
    });
  });
}
