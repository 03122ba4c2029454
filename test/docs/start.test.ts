import { afterEach, expect, test, vi } from 'vitest';
import { block, browse, browseFetch, pageBlocks, run, scratch } from './blocks.ts';

const PAGE = 'docs/start.md';
const SECRET = '4yGQ0pZkT9vXr2LwHn7mBc5sDf8aUe1J';

const counts = async (visit: (path: string) => Promise<{ text: string }>) => {
  expect((await visit('/')).text).toBe('Visit 1');
  expect((await visit('/')).text).toBe('Visit 2');
};

/** What each block must do. */
const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  Express: async () => {
    const { app } = await run(block(PAGE, 'Express'));
    await browse(app, async (visit) => {
      await counts(visit);
      expect((await visit('/logout', { method: 'POST' })).status).toBe(302);
      await counts(visit);
    });
  },
  'node:http': async () => {
    const { listener, server } = await run(block(PAGE, 'node:http'));
    expect(server.listenerCount('request')).toBe(1);
    await browse(listener, counts);
  },
  Fetch: async () => {
    const module = await run(block(PAGE, 'Fetch'));
    await counts(browseFetch(module.default.fetch));
  },
  'A store that survives a restart': async () => {
    const before = process.cwd();
    process.chdir(scratch());
    try {
      const { sessions } = await run(block(PAGE, 'A store that survives a restart'));
      const records = sessions.records('test');
      await records.create('a', 1, { expiresIn: '1m' });
      await sessions.close();
      const again = await run(block(PAGE, 'A store that survives a restart'));
      expect(await again.sessions.records('test').get('a')).toBe(1);
      await again.sessions.close();
    } finally {
      process.chdir(before);
    }
  },
  // Nothing connects before the store is needed; test/docs/redis.test.ts runs the like of it on a Redis.
  'A store that survives a restart 2': async () => {
    const { sessions } = await run(block(PAGE, 'A store that survives a restart 2'));
    await sessions.close();
  },
  'A store that survives a restart 3': async () => {
    const { sessions } = await run(block(PAGE, 'A store that survives a restart 3'));
    await sessions.ready();
  },
  'Sealed cookies': async () => {
    await expect(run(block(PAGE, 'Sealed cookies'))).rejects.toMatchObject({ code: 'SECRET_WEAK' });
    vi.stubEnv('SECRET_KEY', SECRET);
    const { sessions } = await run(block(PAGE, 'Sealed cookies'));
    expect(sessions.isNull({})).toBe(true);
  },
  Types: async () => {
    const { handler } = await run(block(PAGE, 'Types'));
    const visit = browseFetch(handler);
    expect((await visit('/')).text).toBe('{"items":["tea"]}');
    expect((await visit('/')).text).toBe('{"items":["tea","tea"]}');
  },
  'Types 2': async () => {
    const { greeting } = await run(block(PAGE, 'Types 2'));
    expect(greeting).toThrow('outside a request');
  },
  Tests: async () => {
    await run(block(PAGE, 'Tests'));
  },
  'Tests 2': async () => {
    await run(block(PAGE, 'Tests 2'));
  },
};

afterEach(() => vi.unstubAllEnvs());

test.each(Object.entries(CHECKS))('docs/start.md: %s', async (_name, check) => {
  await check();
});

test('every block of docs/start.md is run', () => {
  const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
  expect(names.sort()).toEqual(Object.keys(CHECKS).sort());
});
