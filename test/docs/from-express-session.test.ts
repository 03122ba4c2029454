import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { openRedis } from '../../src/store/redis.ts';
import { redisProgram, startRedis } from '../support/redis.ts';
import { block, browse, form, type PageBlock, pageBlocks, root, run, type Visit } from './blocks.ts';

const PAGE = 'docs/from-express-session.md';
const redis = (await redisProgram('redis')).missing === undefined ? await startRedis() : undefined;
afterAll(() => redis?.stop());

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
  ...(redis === undefined ? {} : { 'connect-redis': count }),
};

const named = (heading: string) => heading.replace("'", '’');
const runnable = (language: string) => pageBlocks(PAGE).filter((one) => one.language === language && one.runs);

async function play(of: PageBlock): Promise<void> {
  vi.stubEnv('SECRET_KEY', OLD_SECRETS[0]);
  vi.stubEnv('OLD_SECRET_KEY', OLD_SECRETS[1]);
  vi.stubEnv('REDIS_URL', redis?.url ?? '');
  const { app, client } = await run(of);
  await browse(app, async (visit, another) => {
    await SCENES[named(of.name)]?.(visit, another);
  });
  client?.destroy();
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
    expect(names.sort()).toEqual([...new Set([...Object.keys(SCENES), 'connect-redis', 'Tests', ...declares])].sort());
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

test.skipIf(redis === undefined)(
  'connect-redis: the table names its options, and the default prefixes are true',
  async () => {
    const section = readFileSync(join(root, PAGE), 'utf8').split('\n## connect-redis\n')[1]?.split('\n## ')[0] ?? '';
    const cells = [...section.matchAll(/^\| (`.+?) \| .+ \|$/gm)].map(([, cell = '']) => cell).join(' ');
    const types = installed('connect-redis')
      ? readFileSync(join(root, 'node_modules/connect-redis/dist/connect-redis.d.ts'), 'utf8')
      : '';
    const options = /interface RedisStoreOptions \{([^}]*)\}/.exec(types)?.[1] ?? '';
    for (const [, name] of options.matchAll(/^\s*(\w+)\??:/gm)) expect(cells).toContain(`\`${name}\``);
    const sessions = createSessions({ store: () => openRedis({ url: redis?.url ?? '' }) });
    await sessions.backend.set('a', 1);
    await sessions.close();
    expect(await redis?.cli('--scan')).toContain('coatcheck:');
    expect(section).toContain('`coatcheck:` by default');
  },
);
