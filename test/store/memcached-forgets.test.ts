import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Store, StoredRecord, Version } from '../../src/store/contract.ts';
import { openMemcached } from '../../src/store/memcached.ts';
import { Ring } from '../../src/store/memcached-ring.ts';
import { type Memcached, memcachedMissing, startMemcached } from '../support/servers/memcached.ts';
import { called } from '../support/servers/program.ts';

const END = Date.now() + 3_600_000;
const newKey = (): string => randomBytes(32).toString('hex');

async function started(args: readonly string[] = []): Promise<Memcached> {
  const server = await startMemcached({ args });
  onTestFinished(() => server.stop());
  return server;
}

async function opened(...servers: Memcached[]): Promise<Store> {
  const store = await openMemcached({ servers: servers.map(({ port }) => `127.0.0.1:${port}`) });
  onTestFinished(() => store.close?.());
  return store;
}

async function versionOf(store: Store, key: string, document = 'x'): Promise<Version> {
  const created = await store.create(key, document, END);
  if (created.result !== 'ok') throw new Error('exists');
  return created.version;
}

/** Asks until there is a connection again. */
const answered = (store: Store, key: string): Promise<StoredRecord | undefined> =>
  expect
    .poll(() =>
      store.read(key).then(
        () => true,
        () => false,
      ),
    )
    .toBe(true)
    .then(() => store.read(key));

describe.skipIf(memcachedMissing !== undefined)(called('what memcached forgets', memcachedMissing), () => {
  test('a restart is a logout, and no version of before is good for what has the same number afterwards', async () => {
    const server = await started();
    const store = await opened(server);
    const key = newKey();
    const old = await versionOf(store, key);
    const number = String(old).split('.')[1];
    await server.kill();
    await server.restart();
    expect(await answered(store, key)).toBeUndefined();
    expect(await store.update(key, old, 'late', END)).toEqual({ result: 'gone' });
    expect(await store.touch(key, old, END + 5000)).toBe(false);
    // Somebody else closes the key: the first write of this run has the number that the old one had.
    await store.put(key, 'closed', END);
    const closed = await store.read(key);
    expect(String(closed?.version).split('.')[1]).toBe(number);
    expect(await store.update(key, old, 'late', END)).toMatchObject({
      result: 'conflict',
      current: { document: 'closed' },
    });
    expect(await store.touch(key, old, END + 5000)).toBe(false);
    expect((await store.read(key))?.document).toBe('closed');
  });

  test('of several servers a dead one takes only its own sessions with it, as errors and never to another server', async () => {
    const servers = await Promise.all([started(), started(), started()]);
    const store = await opened(...servers);
    const keys = Array.from({ length: 60 }, newKey);
    for (const key of keys) await versionOf(store, key, key);
    const victim = servers[1] as Memcached;
    const its = new Set<string>();
    for (const key of keys) if ((await victim.ask(`mg coatcheck:${key}\r\n`)).startsWith('HD')) its.add(key);
    expect(its.size).toBeGreaterThan(5);
    expect(its.size).toBeLessThan(40);
    await victim.kill();
    const away = { code: 'STORE_FAILED', message: expect.stringContaining(`127.0.0.1:${victim.port}`) };
    for (const key of keys) {
      if (its.has(key)) {
        await expect(store.read(key)).rejects.toMatchObject(away);
        await expect(store.put(key, 'elsewhere', END)).rejects.toMatchObject({ ...away, outcome: 'none' });
      } else expect((await store.read(key))?.document).toBe(key);
    }
    // Reads of one turn wait for each other only where one server has them all.
    expect(new Set(keys.map((key) => store.serverOf?.(key))).size).toBe(servers.length);
    await victim.restart();
    for (const key of its) expect(await answered(store, key)).toBeUndefined();
    expect((await store.read(keys.find((key) => !its.has(key)) ?? ''))?.document).toBeDefined();
  });

  test('what the core asks for, to see whether the store is there, is answered while any server is', async () => {
    const probe = `probe:${'0'.repeat(64)}`;
    const servers = await Promise.all([started(), started(), started()]);
    const store = await opened(...servers);
    const ring = new Ring(servers.map(({ port }) => `127.0.0.1:${port}`));
    const asked = servers[ring.ownerOf(probe)] as Memcached;
    await asked.pause();
    expect(await store.read(probe)).toBeUndefined();
    await asked.kill();
    expect(await store.read(probe)).toBeUndefined();
    await Promise.all(servers.map((server) => server.kill()));
    const rejected = () =>
      store.read(probe).then(
        () => undefined,
        (error: unknown) => error,
      );
    await expect.poll(rejected).toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
  });

  test('a server that is away at the start is no reason not to start, unless it is the only one', async () => {
    const [one, other] = [await started(), await started()];
    await other.kill();
    const store = await opened(one, other);
    const keys = Array.from({ length: 40 }, newKey);
    const reads = await Promise.allSettled(keys.map((key) => store.read(key)));
    expect(new Set(reads.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    await other.restart();
    for (const key of keys) expect(await answered(store, key)).toBeUndefined();
    await one.kill();
    await other.kill();
    await expect(opened(one, other)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: true });
  });

  test('every process finds a key at the same server, however the servers are ordered', async () => {
    const servers = await Promise.all([started(), started(), started()]);
    const [store, other] = [await opened(...servers), await opened(...servers.reverse())];
    for (const key of Array.from({ length: 20 }, newKey)) {
      const version = await versionOf(store, key);
      expect((await other.read(key))?.version).toBe(version);
    }
  });

  test('a full one drops the records that were used least, and takes new ones', async () => {
    const server = await started(['-m', '2']);
    const store = await opened(server);
    const keys = Array.from({ length: 200 }, newKey);
    const document = 'x'.repeat(30_000);
    for (const key of keys) await store.put(key, document, END);
    const found = await Promise.all(keys.map((key) => store.read(key)));
    expect(found.at(-1)?.document).toBe(document);
    expect(found[0]).toBeUndefined();
    for (const record of found) expect(record === undefined || record.document === document).toBe(true);
  });

  test('a full one that may drop nothing (-M) refuses writes, and the record that was to be replaced is gone', async () => {
    const server = await started(['-m', '2', '-M']);
    const store = await opened(server);
    const document = 'x'.repeat(30_000);
    const full = {
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: false,
      message: expect.stringMatching(/no memory.*-m/),
    };
    const [first, kept] = [newKey(), newKey()];
    const version = await versionOf(store, first, document);
    await versionOf(store, kept, document);
    const fill = async (): Promise<void> => {
      for (let at = 0; at < 500; at++) await store.put(newKey(), document, END);
    };
    await expect(fill()).rejects.toMatchObject(full);
    await expect(store.create(newKey(), document, END)).rejects.toMatchObject(full);
    expect((await store.read(kept))?.document).toBe(document);
    // memcached does so itself, so that nobody takes the old value for the new one.
    await expect(store.update(first, version, document, END)).rejects.toMatchObject(full);
    expect(await store.read(first)).toBeUndefined();
    expect((await store.read(kept))?.document).toBe(document);
  });

  test('flush_all ends every session', async () => {
    const server = await started();
    const store = await opened(server);
    const key = newKey();
    const version = await versionOf(store, key);
    await server.ask('flush_all\r\n');
    expect(await store.read(key)).toBeUndefined();
    expect(await store.update(key, version, 'late', END)).toEqual({ result: 'gone' });
  });

  test.each([
    ['a wrong password', { username: 'ann', password: 'falsch' }, /does not know this user/],
    ['a user that does not exist', { username: 'eve', password: 'geheim' }, /does not know this user/],
    ['no login', {}, /wants a user and a password/],
  ])('%s is refused, and not repeated', async (_name, login, message) => {
    const server = await startMemcached({ login: { username: 'ann', password: 'geheim' } });
    onTestFinished(() => server.stop());
    const opening = openMemcached({ servers: [`127.0.0.1:${server.port}`], ...login });
    const refused = {
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: false,
      message: expect.stringMatching(message),
    };
    await expect(opening).rejects.toMatchObject(refused);
    await expect(opening).rejects.not.toThrow(/falsch|geheim|eve|ann/);
  });

  test('one that runs with -C is refused', async () => {
    const server = await started(['-C']);
    await expect(opened(server)).rejects.toMatchObject({ message: expect.stringContaining('-C') });
  });
});
