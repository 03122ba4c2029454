import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openMemcached } from '../../src/store/memcached.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { call, inStore, newFolder, newSqlite, type Seeded, seed, spawned } from './support.ts';

const { missing } = await redisProgram('redis');

const HOUR = 3_600_000;

/** A few of everything. */
async function fill(url: string): Promise<Readonly<Record<'ann' | 'bob' | 'closed' | 'linked', Seeded>>> {
  return inStore(url, async (store) => {
    const linked = await seed(store, { space: 'remember', owner: 'ann', life: 200 * HOUR });
    const ann = await seed(store, {
      owner: 'ann',
      data: { user: 'ann', cart: ['tea', 'milk'], when: new Date(0), token: 'a secret of hers' },
      meta: {
        authenticated: { user: 'ann', at: Date.now() - HOUR, methods: ['password'] },
        address: '192.0.2.7',
        linked: [linked.key],
        permanent: true,
      },
    });
    const bob = await seed(store, { owner: 'bob', life: 48 * HOUR });
    await seed(store, { owner: 'bob', life: -1000 });
    const closed = await seed(store, { closed: true, life: 60_000 });
    await seed(store, { document: '{"of":"another codec"}' });
    return { ann, bob, closed, linked };
  });
}

describe('stats', () => {
  it('counts by space and state, and the index apart', async () => {
    const url = newSqlite();
    await fill(url);
    const { code, out } = await call(['stats', '--store', url, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      store: url,
      spaces: {
        sessions: { records: 5, living: 2, expired: 1, closed: 1, unreadable: 1 },
        remember: { records: 1, living: 1, expired: 0, closed: 0, unreadable: 0 },
      },
      total: { records: 6, living: 3, expired: 1, closed: 1, unreadable: 1 },
      index: { entries: 4, owners: 2 },
      livingEndsWithin: { '1 h': 1, '24 h': 0, '7 d': 1, '31 d': 1, later: 0 },
    });
  });

  it('is a table of plain text in a pipe, by the store that the environment names', async () => {
    const url = newSqlite();
    await fill(url);
    const { code, out, err } = await spawned(['stats'], { env: { SESSION_URI: url } });
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      url,
      '',
      ' records living expired closed unreadable bytes',
      expect.stringMatching(/^sessions 5 2 1 1 1 \S+ K?B$/),
      expect.stringMatching(/^remember 1 1 0 0 0 \d+ B$/),
      expect.stringMatching(/^total 6 3 1 1 1 \S+ K?B$/),
      '',
      'index entries owners',
      ' 4 2',
      '',
      'living, and end within 1 h 24 h 7 d 31 d later',
      ' 1 0 1 1 0',
      '',
      expect.stringMatching(/^largest document: \d+ B$/),
      '',
    ]);
  });

  it('of an empty store counts nothing', async () => {
    const url = newSqlite();
    await inStore(url, async () => undefined);
    const { code, out } = await call(['stats', '--store', url, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ spaces: { sessions: { records: 0 } }, index: { entries: 0, owners: 0 } });
  });

  it('makes no store where there is none: a path that was mistyped is exit code 2', async () => {
    const folder = newFolder();
    for (const url of [`sqlite:${folder}/new.db?table=x`, `sqlite://${folder}/new.db`, `file:${folder}/new`]) {
      const { code, err } = await call(['stats', '--store', url]);
      expect([code, err]).toEqual([2, expect.stringContaining('There is no such file or folder')]);
      expect((await call(['migrate', '--from', url, '--to', newSqlite()])).code).toBe(2);
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it.skipIf(missing !== undefined)(called('counts below a prefix on Redis', missing), async () => {
    const redis = await startRedis();
    try {
      await fill(redis.url);
      const total = async (...words: string[]) =>
        JSON.parse((await call(['stats', '--store', redis.url, '--json', ...words])).out).total.records;
      expect(await total()).toBe(6);
      expect(await total('--prefix', 'other:')).toBe(0);
    } finally {
      await redis.stop();
    }
  });

  it('of a store that does not answer is exit code 1, without the password', async () => {
    const { code, out, err } = await call(['stats', '--store', 'redis://ann:hunter2@127.0.0.1:1/']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^coatcheck: .*\[STORE_FAILED\]/);
    expect(err).not.toContain('hunter2');
  });

  it.skipIf(memcachedMissing !== undefined)(
    called('and all that walk are exit code 4 where a store cannot, and name those that can', memcachedMissing),
    async () => {
      const memcached = await startMemcached();
      try {
        const store = await openMemcached({ url: memcached.url });
        const { handle } = await seed(store);
        await store.close?.();
        const from = ['migrate', '--from', memcached.url, '--to', newSqlite()];
        for (const words of [['stats'], ['list'], ['show', handle], ['revoke', handle], ['clean', '--dry-run']]) {
          const { code, err } = await call([...words, '--store', memcached.url]);
          expect([words[0], code]).toEqual([words[0], 4]);
          expect(err).toContain('A memcached: store cannot walk over its records. Those that can: files, SQLite');
        }
        expect((await call(from)).code).toBe(4);
        expect((await call(['list', '--owner', 'ann', '--store', memcached.url])).code).toBe(4);
        const clean = await call(['clean', '--store', memcached.url]);
        expect(clean).toMatchObject({ code: 0, out: expect.stringContaining('by itself') });
      } finally {
        await memcached.stop();
      }
    },
  );
});

describe('list', () => {
  it('shows living sessions by their handles, and nothing that leads to one', async () => {
    const url = newSqlite();
    const { ann, bob } = await fill(url);
    const { code, out, err } = await call(['list', '--store', url]);
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^handle +space +state +created +expires +owner +bytes$/);
    expect(
      lines
        .slice(1)
        .map((line) => line.split(/ +/)[0])
        .sort(),
    ).toEqual([ann.handle, bob.handle].sort());
    for (const { id, key } of [ann, bob]) {
      expect(out).not.toContain(id);
      expect(out).not.toContain(key);
    }
    expect(out).not.toContain('ann');
  });

  it('by owner, by space and by state', async () => {
    const url = newSqlite();
    const { ann, closed, linked } = await fill(url);
    const handles = async (...words: string[]): Promise<string[]> => {
      const { out } = await call(['list', '--store', url, '--json', ...words]);
      return out
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line).handle);
    };
    expect(await handles('--owner', 'ann')).toEqual([ann.handle]);
    expect((await handles('--owner', 'ann', '--space', 'all')).sort()).toEqual([ann.handle, linked.handle].sort());
    expect(await handles('--space', 'remember')).toEqual([linked.handle]);
    expect(await handles('--state', 'closed')).toEqual([closed.handle]);
    expect(await handles('--state', 'all')).toHaveLength(5);
    expect(await handles('--owner', 'nobody')).toEqual([]);
  });

  it('stops at its limit and says that there are more', async () => {
    const url = newSqlite();
    await inStore(url, async (store) => {
      for (let n = 0; n < 12; n++) await seed(store);
    });
    const few = await call(['list', '--store', url, '--limit', '10']);
    expect(few.out.trimEnd().split('\n')).toHaveLength(11);
    expect(few.err).toBe('There are more than 10: --limit 0 lists all.\n');
    expect((await call(['list', '--store', url, '--limit', '12'])).err).toBe('');
    expect((await call(['list', '--store', url, '--limit', '0'])).out.trimEnd().split('\n')).toHaveLength(13);
  });
});

describe('show', () => {
  it('tells of one session what it is, and its values only when asked', async () => {
    const url = newSqlite();
    const { ann, linked } = await fill(url);
    const { code, out } = await call(['show', ann.handle, '--store', url]);
    expect(code).toBe(0);
    expect(out).toContain(`handle     ${ann.handle}`);
    expect(out).toMatch(/^logged in {2}ann, \d{4}-/m);
    expect(out).toMatch(/^permanent {2}yes$/m);
    expect(out).toMatch(/^address {4}192\.0\.2\.7$/m);
    expect(out).toMatch(/^linked {5}1 record with the same end$/m);
    expect(out).toMatch(/^cart {3}list of 2$/m);
    expect(out).toMatch(/^when {3}Date$/m);
    for (const hidden of [ann.id, ann.key, linked.key, 'a secret of hers', 'nonce-that'])
      expect(out).not.toContain(hidden);
    const all = await call(['show', ann.handle, '--store', url, '--values']);
    expect(all.out).toMatch(/^cart {3}list of 2 {2}\["tea","milk"\]$/m);
    expect(all.out).toContain('a secret of hers');
    expect(all.out).not.toContain(ann.key);
  });

  it('is JSON with --json, without keys and nonces', async () => {
    const url = newSqlite();
    const { ann, linked } = await fill(url);
    const { out } = await call(['show', ann.handle, '--owner', 'ann', '--store', url, '--json', '--values']);
    expect(JSON.parse(out)).toMatchObject({
      handle: ann.handle,
      space: 'sessions',
      state: 'living',
      loggedIn: { user: 'ann', methods: ['password'] },
      linked: 1,
      data: { user: 'ann', cart: ['tea', 'milk'] },
    });
    for (const hidden of [ann.key, linked.key, 'nonce']) expect(out).not.toContain(hidden);
  });

  it('lets no stored text move the cursor of a terminal', async () => {
    const url = newSqlite();
    const { handle } = await inStore(url, (store) =>
      seed(store, { data: { 'k\u001b[2J': 'v\u001b]0;owned\u0007\u202e' }, meta: { address: '\u001b[31m' } }),
    );
    const { out } = await call(['show', handle, '--store', url, '--values']);
    expect(out).not.toMatch(/[\u001b\u0007\u202e]/);
    expect(out).toContain('k\\u001b[2J');
  });

  it('of a closed or an unreadable record tells its state', async () => {
    const url = newSqlite();
    const { closed } = await fill(url);
    expect((await call(['show', closed.handle, '--store', url])).out).toMatch(/^state {6}closed$/m);
  });

  it('of a handle that nobody has is exit code 3', async () => {
    const url = newSqlite();
    const { ann } = await fill(url);
    const { code, out, err } = await call(['show', 'x'.repeat(22), '--store', url]);
    expect([code, out, err]).toEqual([3, '', 'There is no such session.\n']);
    expect((await call(['show', ann.handle, '--owner', 'bob', '--store', url])).code).toBe(3);
  });
});
