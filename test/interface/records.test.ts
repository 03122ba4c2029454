import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keyOf, newId } from '../../src/keys/ids.ts';
import { openFiles } from '../../src/store/file.ts';
import { dump, setup, ticketOf } from './harness.ts';

const hour = { expiresIn: '1h' } as const;

describe('records', () => {
  test('create stores where there is nothing, get reads, update changes, delete removes', async () => {
    const codes = setup().sessions.records<{ tries: number }>('codes');
    expect(await codes.get('ann')).toBeUndefined();
    expect(await codes.create('ann', { tries: 0 }, hour)).toBe(true);
    expect(await codes.create('ann', { tries: 9 }, hour)).toBe(false);
    expect(await codes.update('ann', (code) => ({ tries: (code?.tries ?? 0) + 1 }), hour)).toEqual({ tries: 1 });
    expect(await codes.get('ann')).toEqual({ tries: 1 });
    expect(await codes.delete('ann')).toBe(true);
    expect(await codes.delete('ann')).toBe(false);
    expect(await codes.get('ann')).toBeUndefined();
  });

  test('fifty parallel updates give fifty, with the record there or not', async () => {
    const { sessions } = setup();
    const counts = sessions.records<number>('counts');
    await Promise.all(Array.from({ length: 50 }, () => counts.update('a', (n = 0) => n + 1, hour)));
    expect(await counts.get('a')).toBe(50);
  });

  test('of twenty parallel creates one wins, and the losers leave it alone', async () => {
    const { sessions, clock } = setup();
    const tokens = sessions.records<number>('tokens');
    await tokens.create('a', -1, { expiresIn: '1s' });
    clock.tick('2s');
    const won = await Promise.all(
      Array.from({ length: 20 }, (_, i) => tokens.create('a', i, { expiresIn: { ms: 1000 * (i + 1) } })),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = won.indexOf(true);
    expect(await tokens.get('a')).toBe(winner);
    clock.tick({ ms: 1000 * (winner + 1) });
    expect(await tokens.get('a')).toBeUndefined();
  });

  test.each(['lose-answer', 'lose-request', 'twice', 'fail'] as const)(
    'with %s an update counts once',
    async (fault) => {
      const { sessions, store } = setup();
      const counts = sessions.records<number>('counts');
      for (const verb of ['create', 'update'] as const) {
        store.next(verb, fault);
        await counts.update('a', (n = 0) => n + 1, hour);
      }
      expect(await counts.get('a')).toBe(2);
      store.next('create', fault);
      expect(await counts.create('b', 1, hour)).toBe(true);
    },
  );

  test('a record ends at its time, and a new one takes its place', async () => {
    const { sessions, clock } = setup();
    const codes = sessions.records<number>('codes');
    await codes.create('a', 1, { expiresIn: '10m' });
    clock.tick({ ms: 599_000 });
    expect(await codes.get('a')).toBe(1);
    clock.tick('1s');
    expect(await codes.get('a')).toBeUndefined();
    expect(await codes.update('a', (n = 100) => n + 1, hour)).toBe(101);
    await expect(codes.create('b', 1, { expiresIn: 600 as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('a key is any text and reaches the store hashed, in a space of its own', async () => {
    const { sessions, base } = setup();
    const one = sessions.records<number>('one');
    const two = sessions.records<number>('two');
    const names = ['', ' ', 'a:b', '../..', 'naïve ✓', '\0', '__proto__', 'x'.repeat(10_000), '\ud800'];
    for (const [i, name] of names.entries()) await one.create(name, i, hour);
    for (const [i, name] of names.entries()) expect(await one.get(name)).toBe(i);
    expect(await two.get('a:b')).toBeUndefined();
    for (const { key } of await dump(base)) expect(key).toMatch(/^one:[0-9a-f]{64}$/);
  });

  test.each(['', 'A', 'a b', '1a', 'a:b', 'a'.repeat(33), '../a', 'a_b'])('the space %j is refused', (space) => {
    expect(() => setup().sessions.records(space)).toThrow(/named by lower-case/);
  });

  test('no key of any space reaches a session, and no session a record', async () => {
    const { browser, sessions, newBrowser } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const key = keyOf(ticketOf(browser.cookie));
    for (const name of [key, ticketOf(browser.cookie), `:${key}`]) {
      expect(await sessions.records('a').get(name)).toBeUndefined();
      expect(await sessions.records('a').delete(name)).toBe(false);
    }
    const name = newId();
    await sessions.records('a').create(name, { user: 'eve' }, hour);
    expect(await newBrowser(`__Host-session=${name}`).read((session) => session.keys())).toEqual([]);
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('a record that updates kept alive is still its owner’s when its first end has passed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coatcheck-records-'));
    // It forgets what a list names when the time of the entry is over.
    const base = await openFiles({ folder: join(folder, 'records') });
    const { sessions, clock } = setup({ base });
    const carts = sessions.records<number>('carts');
    await carts.update('ann', () => 1, { expiresIn: '1m', owner: 'ann' });
    await carts.update('ann', (n = 0) => n + 1, { ...hour, owner: 'ann' });
    clock.tick('10m');
    await base.sweep?.(clock.now(), 100);
    expect(await carts.get('ann')).toBe(2);
    const [{ key } = { key: '' }] = await dump(base);
    const record = await base.read(key);
    expect(record?.owner?.until).toBeGreaterThan(record?.expiresAt ?? Number.NaN);
    expect(await sessions.forgetOwner('ann')).toBe(1);
    expect(await carts.get('ann')).toBeUndefined();
    await base.close?.();
    rmSync(folder, { recursive: true, force: true });
  });

  test('forgetOwner leaves alone what is another owner’s by now, though a list still names it', async () => {
    const { sessions, store } = setup();
    const carts = sessions.records<number>('carts');
    await carts.create('x', 1, { ...hour, owner: 'ann' });
    const listed = store.listOwned?.bind(store);
    const [name] = store.calls.flatMap(({ verb, key }) => (verb === 'create' ? [key] : []));
    await carts.delete('x');
    await carts.create('x', 2, { ...hour, owner: 'bob' });
    // A process that died between the record and its entry leaves such a list.
    store.listOwned = async (owner) => [...((await listed?.(owner)) ?? []), name as string];
    expect(await sessions.forgetOwner('ann')).toBe(0);
    expect(await carts.get('x')).toBe(2);
    expect(await sessions.forgetOwner('bob')).toBe(1);
  });

  test('forgetOwner deletes the sessions and records of one owner in every space', async () => {
    const { sessions, newBrowser } = setup({ ownerOf: (data) => data.user });
    const [ann, bob] = [newBrowser(), newBrowser()];
    await ann.visit((session) => session.set('user', 'ann'));
    await bob.visit((session) => session.set('user', 'bob'));
    for (const space of ['one', 'two']) {
      await sessions.records(space).create('a', 1, { ...hour, owner: 'ann' });
      await sessions.records(space).create('b', 1, { ...hour, owner: 'bob' });
    }
    expect(await sessions.listFor('ann')).toHaveLength(1);
    expect(await sessions.forgetOwner('ann')).toBe(3);
    expect(await ann.read((session) => session.user)).toBeUndefined();
    expect(await sessions.records('one').get('a')).toBeUndefined();
    expect(await sessions.records('two').get('b')).toBe(1);
    expect(await bob.read((session) => session.user)).toBe('bob');
  });

  test('a dead store is an error, and bounds hold', async () => {
    const { sessions, store } = setup();
    const codes = sessions.records<unknown>('codes');
    await expect(codes.create('a', 'x'.repeat(70_000), hour)).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE' });
    store.always('*', 'break');
    await expect(codes.get('a')).rejects.toMatchObject({ code: 'STORE_FAILED', status: 503 });
    await expect(codes.create('a', 1, hour)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(codes.update('a', () => 1, hour)).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await expect(codes.delete('a')).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
