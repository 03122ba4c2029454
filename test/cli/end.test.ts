import { describe, expect, it } from 'vitest';
import { closedNonce } from '../../src/codec/closed.ts';
import { hashName } from '../../src/keys/ids.ts';
import { call, inStore, newFolder, newSqlite, seed, spawned } from './support.ts';

describe('revoke', () => {
  it('closes one session as a logout does, with its index entry and what is linked', async () => {
    const url = newSqlite();
    const { ann, other, linked } = await inStore(url, async (store) => {
      const linked = await seed(store, { space: 'remember', owner: 'ann' });
      const ann = await seed(store, { owner: 'ann', meta: { linked: [linked.key] } });
      return { ann, other: await seed(store, { owner: 'ann' }), linked };
    });
    const { code, out } = await call(['revoke', ann.handle, '--store', url]);
    expect([code, out]).toEqual([0, `${ann.handle} ended\n`]);
    await inStore(url, async (store) => {
      const record = await store.read(ann.key);
      expect(closedNonce(record?.document ?? '')).toBeDefined();
      expect(record?.expiresAt).toBeLessThan(Date.now() + 61_000);
      expect(await store.read(linked.key)).toBeUndefined();
      expect(await store.listOwned?.(hashName('ann'))).toEqual([other.key]);
    });
  });

  it('ends all sessions of a user but one', async () => {
    const url = newSqlite();
    const sessions = await inStore(url, async (store) => {
      await seed(store, { owner: 'bob' });
      return Promise.all([1, 2, 3].map(() => seed(store, { owner: 'ann' })));
    });
    const [kept] = sessions;
    const { code, out } = await call([
      'revoke',
      '--owner',
      'ann',
      '--except',
      kept?.handle ?? '',
      '--store',
      url,
      '--json',
    ]);
    expect([code, JSON.parse(out)]).toEqual([0, { ended: 2 }]);
    await inStore(url, async (store) => {
      expect(await store.listOwned?.(hashName('ann'))).toEqual([kept?.key]);
      expect(await store.listOwned?.(hashName('bob'))).toHaveLength(1);
    });
    expect((await call(['revoke', '--owner', 'ann', '--store', url])).out).toBe('1 session ended\n');
  });

  it('deletes a record of a space', async () => {
    const url = newSqlite();
    const { key, handle } = await inStore(url, (store) => seed(store, { space: 'coupons' }));
    expect((await call(['revoke', handle, '--store', url])).code).toBe(0);
    expect(await inStore(url, (store) => store.read(key))).toBeUndefined();
  });

  it('of a handle that nobody has is exit code 3, and ends nothing', async () => {
    const url = newSqlite();
    const { key } = await inStore(url, (store) => seed(store));
    expect((await call(['revoke', 'x'.repeat(22), '--store', url])).code).toBe(3);
    expect(closedNonce((await inStore(url, (store) => store.read(key)))?.document ?? '')).toBeUndefined();
  });
});

describe('clean', () => {
  const fill = async (url: string): Promise<void> =>
    inStore(url, async (store) => {
      for (let n = 0; n < 25; n++) await seed(store, { life: -1000 });
      for (let n = 0; n < 3; n++) await seed(store);
    });

  it.each([
    ['SQLite', newSqlite],
    ['files', () => `file:${newFolder()}/sessions`],
  ])('removes what is expired from %s in batches, and nothing else', async (_name, place) => {
    const url = place();
    await fill(url);
    const counted = await call(['clean', '--dry-run', '--store', url]);
    expect(counted).toMatchObject({ code: 0, out: `25 expired records in ${url}\n` });
    const { code, out } = await call(['clean', '--store', url, '--batch', '10', '--json']);
    expect([code, JSON.parse(out)]).toEqual([0, { removed: 25 }]);
    const left = JSON.parse((await call(['stats', '--store', url, '--json'])).out);
    expect(left.total).toMatchObject({ records: 3, living: 3 });
  });

  it('says in a pipe how many went, in one line', async () => {
    const url = newSqlite();
    await fill(url);
    expect(await spawned(['clean', '--store', url])).toEqual({
      code: 0,
      out: `25 expired records removed from ${url}\n`,
      err: '',
    });
  });

  it('stops behind a batch when it is interrupted, with exit code 130', async () => {
    const url = newSqlite();
    await fill(url);
    const { code, out } = await call(['clean', '--store', url, '--batch', '10', '--json'], {
      interrupted: AbortSignal.abort(),
    });
    expect([code, JSON.parse(out)]).toEqual([130, { removed: 0 }]);
  });
});

describe('secret', () => {
  it('is new each time, has 32 random bytes, and is good enough for coatcheck', async () => {
    const [one, two] = await Promise.all([call(['secret']), spawned(['secret'])]);
    expect(one.out).toMatch(/^[\w-]{43}\n$/);
    expect(two.out).toMatch(/^[\w-]{43}\n$/);
    expect(one.out).not.toBe(two.out);
    expect((await call(['secret', '--bytes', '48'])).out).toMatch(/^[\w-]{64}\n$/);
    expect(JSON.parse((await call(['secret', '--json'])).out)).toEqual({
      secret: expect.stringMatching(/^[\w-]{43}$/),
    });
  });
});
