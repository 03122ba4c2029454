import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Migrated } from '../../bench/migrate/killed.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { hashName } from '../../src/keys/ids.ts';
import { openDynamodb } from '../../src/store/dynamodb.ts';
import { startDynamodb } from '../support/servers/dynamodb.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';
import { type Circumstances, COMMAND, call, inStore, newFolder, newSqlite, seed, spawned } from './support.ts';

let state: string;

beforeEach(() => {
  state = join(newFolder(), 'state.json');
});

/** Migrates in this process; what it says. */
async function migrate(
  from: string,
  to: string,
  words: readonly string[] = [],
  given: Circumstances = {},
): Promise<Migrated & { code: number | null; text: string }> {
  const { code, out, err } = await call(
    ['migrate', '--from', from, '--to', to, '--state', state, '--json', ...words],
    given,
  );
  if (out === '') throw new Error(err);
  return { ...(JSON.parse(out) as Migrated), code, text: out };
}

const sum = ({ total }: Migrated): number => total.copied + total.there + total.expired + total.closed + total.failed;

describe('migrate', () => {
  it('copies sessions, records of spaces and lists of owners, and counts them apart', async () => {
    const [from, to] = [newSqlite(), `file:${newFolder()}/sessions`];
    const seeded = await inStore(from, async (store) => {
      const ann = await seed(store, { owner: 'ann', data: { user: 'ann', cart: ['tea'] } });
      await seed(store);
      await seed(store, { owner: 'bob', life: -1000 });
      await seed(store, { closed: true, life: 60_000 });
      const coupon = await seed(store, { space: 'coupons', owner: 'ann' });
      return { ann, coupon, record: await store.read(ann.key) };
    });
    const migrated = await migrate(from, to);
    expect(migrated).toMatchObject({
      code: 0,
      done: true,
      spaces: {
        sessions: { read: 4, copied: 2, there: 0, expired: 1, closed: 1, failed: 0 },
        coupons: { read: 1, copied: 1 },
      },
      total: { read: 5, copied: 3 },
      index: { read: 3, copied: 2, expired: 1 },
    });
    await inStore(to, async (store) => {
      const { document, expiresAt, owner } = seeded.record ?? {};
      expect(await store.read(seeded.ann.key)).toMatchObject({ document, expiresAt, owner });
      expect([...((await store.listOwned?.(hashName('ann'))) ?? [])].sort()).toEqual(
        [seeded.ann.key, seeded.coupon.key].sort(),
      );
    });
    expect(existsSync(state)).toBe(false);
    for (const { id, key } of [seeded.ann, seeded.coupon]) {
      expect(migrated.text).not.toContain(id);
      expect(migrated.text).not.toContain(key);
    }
  });

  it('keeps what is on the new store already, be it newer, closed or expired', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    const keys = await inStore(from, async (store) => [
      (await seed(store, { data: { from: 'old' } })).key,
      (await seed(store, { data: { from: 'old' } })).key,
      (await seed(store, { data: { from: 'old' } })).key,
    ]);
    const [newer = '', closed = '', expired = ''] = keys;
    const document = nativeCodec().encode({ data: { from: 'new' }, meta: { created: 1, commits: 2, nonces: [] } });
    await inStore(to, async (store) => {
      await store.create(newer, document, Date.now() + 60_000);
      await store.create(closed, '{"~closed":"n"}', Date.now() + 60_000);
      await store.create(expired, document, Date.now() - 1000);
    });
    const migrated = await migrate(from, to);
    expect(migrated.total).toMatchObject({ read: 3, copied: 0, there: 3 });
    await inStore(to, async (store) => {
      expect((await store.read(newer))?.document).toBe(document);
      expect((await store.read(closed))?.document).toBe('{"~closed":"n"}');
      expect((await store.read(expired))?.document).toBe(document);
    });
  });

  it('given again copies nothing twice', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    await inStore(from, async (store) => {
      for (let n = 0; n < 5; n++) await seed(store);
    });
    expect((await migrate(from, to)).total).toMatchObject({ read: 5, copied: 5, there: 0 });
    expect((await migrate(from, to)).total).toMatchObject({ read: 5, copied: 0, there: 5 });
  });

  it('does not change the old store', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    const { key } = await inStore(from, (store) => seed(store, { owner: 'ann' }));
    const before = await inStore(from, (store) => store.read(key));
    await migrate(from, to);
    expect(await inStore(from, (store) => store.read(key))).toEqual(before);
  });

  describe('as a dry run', () => {
    it('counts the same and writes nothing: no record, no note, no new file or folder', async () => {
      const from = newSqlite();
      await inStore(from, async (store) => {
        await seed(store, { owner: 'ann' });
        await seed(store, { life: -1 });
      });
      const folder = newFolder();
      for (const to of [`sqlite:${folder}/new.db`, `file:${folder}/new`]) {
        const { code, total, index } = await migrate(from, to, ['--dry-run']);
        expect([code, total, index.copied]).toEqual([
          0,
          expect.objectContaining({ read: 2, copied: 1, expired: 1 }),
          1,
        ]);
      }
      expect(readdirSync(folder)).toEqual([]);
      expect(existsSync(state)).toBe(false);
    });

    it('sees what is there already', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await inStore(from, (store) => seed(store));
      await migrate(from, to);
      await inStore(from, (store) => seed(store));
      expect((await migrate(from, to, ['--dry-run'])).total).toMatchObject({ copied: 1, there: 1 });
      expect((await migrate(from, to, ['--dry-run'])).total).toMatchObject({ copied: 1, there: 1 });
    });
  });

  describe('that was interrupted', () => {
    const fill = (url: string): Promise<void> =>
      inStore(url, async (store) => {
        for (let n = 0; n < 30; n++) await seed(store, { owner: n % 2 === 0 ? 'ann' : undefined });
      });

    it('ends with exit code 130 behind a page, and the next run goes on from there', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await fill(from);
      const first = await migrate(from, to, ['--batch', '10'], { interrupted: AbortSignal.abort() });
      expect(first).toMatchObject({ code: 130, done: false, total: { read: 10, copied: 10 } });
      const second = await migrate(from, to, ['--batch', '10']);
      expect(second).toMatchObject({ code: 0, done: true, already: 10, total: { read: 30, copied: 30, there: 0 } });
      expect(second.index).toMatchObject({ read: 15, copied: 15 });
    });

    it('by Ctrl-C ends the same way', async () => {
      // Files are slow enough to be met on the way.
      const [from, to] = [newSqlite(), `file:${newFolder()}/sessions`];
      await inStore(from, async (store) => {
        for (let n = 0; n < 1000; n++) await seed(store);
      });
      const [program, ...before] = COMMAND;
      const words = ['migrate', '--from', from, '--to', to, '--state', state, '--batch', '1'];
      const child = spawn(program, [...before, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
      let out = '';
      child.stdout.on('data', (text) => {
        out += text;
      });
      while (!existsSync(state)) await new Promise((resolve) => setTimeout(resolve, 2));
      child.kill('SIGINT');
      expect(await new Promise((resolve) => child.once('close', resolve))).toBe(130);
      expect(out).toContain('Stopped. It is noted in');
      const second = await migrate(from, to);
      expect(second.already).toBeGreaterThan(0);
      expect(second.total).toMatchObject({ read: 1000, copied: 1000, there: 0 });
    });

    it('notes how far it is for its owner only, and never a password', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await fill(from);
      await migrate(from, to, ['--batch', '10'], { interrupted: AbortSignal.abort() });
      expect(statSync(state).mode & 0o777).toBe(0o600);
      expect(JSON.parse(readFileSync(state, 'utf8'))).toEqual({
        coatcheck: 'migrate',
        format: 1,
        pair: expect.stringMatching(/^[0-9a-f]{64}$/),
        cursor: expect.any(String),
        counts: expect.any(Object),
      });
    });

    it('begins anew with --restart, and then finds what is there', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await fill(from);
      await migrate(from, to, ['--batch', '10'], { interrupted: AbortSignal.abort() });
      expect(await migrate(from, to, ['--restart'])).toMatchObject({
        already: 0,
        total: { read: 30, copied: 20, there: 10 },
      });
    });

    it('is not taken for one between other stores, nor is any other file', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await fill(from);
      await migrate(from, to, ['--batch', '10'], { interrupted: AbortSignal.abort() });
      const words = (other: string) => ['migrate', '--from', from, '--to', other, '--state', state];
      expect(await call(words(newSqlite()))).toMatchObject({
        code: 2,
        err: expect.stringContaining('between other stores'),
      });
      writeFileSync(state, 'shopping list');
      expect(await call(words(to))).toMatchObject({
        code: 2,
        err: expect.stringContaining('none of coatcheck migrate'),
      });
      expect(readFileSync(state, 'utf8')).toBe('shopping list');
    });

    it('finds its note in the current folder', async () => {
      const [from, to] = [newSqlite(), newSqlite()];
      await fill(from);
      const here = process.cwd();
      process.chdir(newFolder());
      onTestFinished(() => process.chdir(here));
      const words = ['migrate', '--from', from, '--to', to, '--batch', '10'];
      const first = await call(words, { interrupted: AbortSignal.abort() });
      const [name = ''] = readdirSync('.');
      expect(name).toMatch(/^coatcheck-migrate-[0-9a-f]{12}\.json$/);
      expect(first.out).toContain(`Stopped. It is noted in ${name}`);
      const second = await call(words);
      expect(second.err).toContain(`Going on behind 10 records, as noted in ${name}`);
      expect(readdirSync('.')).toEqual([]);
    });
  });

  it('counts a record that the new store refuses as failed, goes on, and ends with exit code 1', async () => {
    const dynamodb = await startDynamodb();
    try {
      const [from, to] = [newSqlite(), await dynamodb.table('sessions')];
      await inStore(from, async (store) => {
        await seed(store, { data: { text: 'x'.repeat(500_000) } });
        await seed(store);
      });
      const migrated = await migrate(from, to);
      expect(migrated).toMatchObject({ code: 1, done: true, total: { read: 2, copied: 1, failed: 1 } });
      expect(sum(migrated)).toBe(migrated.total.read);
      expect(JSON.parse(migrated.text).failures).toEqual({ SESSION_TOO_LARGE: 1 });
      const store = await openDynamodb({ url: to });
      await store.close?.();
    } finally {
      await dynamodb.stop();
    }
  });

  it('ends with exit code 1 where a store does not answer, says that it can go on, and quotes no password', async () => {
    const from = newSqlite();
    await inStore(from, (store) => seed(store));
    const { code, out, err } = await call(['migrate', '--from', from, '--to', 'redis://ann:hunter2@127.0.0.1:1']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/\[STORE_FAILED\]/);
    expect(err).not.toContain('hunter2');
  });

  it('takes URLs from variables, so that no list of processes shows a password', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    await inStore(from, (store) => seed(store));
    const words = ['migrate', '--from', 'env:OLD_STORE', '--to', 'env:NEW_STORE', '--json'];
    const { code, out } = await spawned(words, { env: { OLD_STORE: from, NEW_STORE: to } });
    expect([code, JSON.parse(out).total.copied]).toEqual([0, 1]);
  });

  it.skipIf(memcachedMissing !== undefined)(
    called(
      'to a store without owners is exit code 4, and with --drop-owners leaves the lists behind',
      memcachedMissing,
    ),
    async () => {
      const memcached = await startMemcached();
      try {
        const from = newSqlite();
        const { key } = await inStore(from, (store) => seed(store, { owner: 'ann' }));
        const words = ['migrate', '--from', from, '--to', memcached.url];
        expect(await call(words)).toMatchObject({ code: 4, err: expect.stringContaining('[OWNERS_UNSUPPORTED]') });
        const migrated = await migrate(from, memcached.url, ['--drop-owners']);
        expect(migrated).toMatchObject({ code: 0, total: { copied: 1 }, index: { read: 0, copied: 0 } });
        expect(await inStore(memcached.url, (store) => store.read(key))).toBeDefined();
      } finally {
        await memcached.stop();
      }
    },
  );

  it('moves between two tables of one file', async () => {
    const url = newSqlite();
    await inStore(url, (store) => seed(store));
    expect((await migrate(url, url, ['--to-table', 'coats'])).total).toMatchObject({ copied: 1 });
    const third = await migrate(`${url}?table=coats`, `${url}?table=hats`);
    expect(third).toMatchObject({ from: url, to: url, total: { copied: 1 } });
  });

  it('is a table of plain text in a pipe', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    await inStore(from, async (store) => {
      await seed(store, { owner: 'ann' });
      await seed(store, { space: 'coupons' });
    });
    const { code, out, err } = await spawned(['migrate', '--from', from, '--to', to]);
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      `${from} -> ${to}`,
      '',
      ' read copied already there expired closed failed',
      'sessions 1 1 0 0 0 0',
      'coupons 1 1 0 0 0 0',
      'all records 2 2 0 0 0 0',
      'index entries 1 1 0 0 0 0',
      '',
      expect.stringMatching(/^2 records in \d+ s, [\d,]+ a second$/),
      '',
    ]);
  });

  it('ends where it cannot note how far it is', async () => {
    const [from, to] = [newSqlite(), newSqlite()];
    await inStore(from, async (store) => {
      for (let n = 0; n < 3; n++) await seed(store);
    });
    const path = join(newFolder(), 'missing', 'state.json');
    const { code, err } = await call(['migrate', '--from', from, '--to', to, '--state', path, '--batch', '1']);
    expect([code, err]).toEqual([2, expect.stringContaining('cannot be written (ENOENT)')]);
  });
});
