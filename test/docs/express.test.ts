import session from 'express-session';
import { afterAll, describe, expect, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { fromExpressStore } from '../../src/store/express.ts';
import { redisProgram, startRedis } from '../support/redis.ts';
import { mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { block, pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/express.md';
const { missing: redisMissing } = await redisProgram('redis');

// Each warning comes once a process.
const warned: unknown[] = [];
const listen = (warning: Error): void => void warned.push((warning as { code?: unknown }).code);
process.on('warning', listen);
afterAll(() => void process.off('warning', listen));

/** What a block needs, and what it wrote in place of its addresses. */
interface Scene {
  readonly missing?: string | undefined;
  readonly start: () => Promise<{ readonly with: Readonly<Record<string, string>>; readonly stop: () => unknown }>;
}

const redis: Scene = {
  missing: redisMissing,
  async start() {
    const server = await startRedis();
    return { with: { '127.0.0.1:6379': `127.0.0.1:${server.port}` }, stop: () => server.stop() };
  },
};

const SCENES: Readonly<Record<string, Scene>> = {
  'Stores of express-session': redis,
  Options: redis,
  'connect-pg-simple': {
    missing: postgresMissing,
    async start() {
      const server = await startPostgres();
      return { with: { 'postgres://app:secret@127.0.0.1/app': server.url }, stop: () => server.stop() };
    },
  },
  'express-mysql-session': {
    missing: mysqlMissing,
    async start() {
      const server = await startMysql();
      return { with: { 'port: 3306': `port: ${server.port}`, "'secret'": "'geheim'" }, stop: () => server.stop() };
    },
  },
  'session-file-store': { start: async () => ({ with: { "'./sessions'": `'${scratch()}'` }, stop: () => undefined }) },
};

describe(PAGE, () => {
  const blocks = pageBlocks(PAGE).filter(({ language }) => language === 'ts');

  test('has a scene for each block', () => {
    expect(blocks.map(({ name }) => name).sort()).toEqual(Object.keys(SCENES).sort());
  });

  for (const [name, { missing, start }] of Object.entries(SCENES)) {
    test.skipIf(missing !== undefined)(called(name, missing), async () => {
      const of = block(PAGE, name);
      const started = await start();
      let { code } = of;
      for (const [from, to] of Object.entries(started.with)) {
        expect(code).toContain(from);
        code = code.replaceAll(from, to);
      }
      try {
        const { sessions, client, pool, rows } = await run({ ...of, code });
        await sessions.ready();
        await sessions.backend.set('quote', name);
        expect(await sessions.backend.get('quote')).toBe(name);
        await sessions.close();
        client?.destroy();
        await pool?.end();
        await rows?.close?.();
      } finally {
        await started.stop();
      }
    });
  }

  test('lists every option of fromExpressStore', () => {
    const { listed, known } = optionsOf(PAGE, 'src/store/row-store.ts');
    expect(listed).toEqual(known);
    expect(listed).toEqual(['reads']);
  });

  test('promises what the capabilities say', () => {
    const { scan, ...rest } = fromExpressStore(new session.MemoryStore()).capabilities;
    expect(scan).toBe(true);
    expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf({ ...rest, scan: false }));
  });

  test('says what becomes of owners, and warns at start of what is kept in one process only', async () => {
    const store = fromExpressStore(new session.MemoryStore());
    const sessions = createSessions({ store, ownerOf: () => 'ann' });
    await expect(sessions.listFor('ann')).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
    expect(() => createSessions({ store, ownerOf: () => 'ann', maxPerOwner: 3 })).toThrow(
      expect.objectContaining({ code: 'OWNERS_UNSUPPORTED' }),
    );
    await expect.poll(() => warned).toContain('COATCHECK_ATOMIC_PROCESS');
  });
});
