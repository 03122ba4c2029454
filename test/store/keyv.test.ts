import { createKeyv } from '@keyv/redis';
import { Keyv } from 'keyv';
import { afterAll, describe, expect, test } from 'vitest';
import { fromKeyv, type KeyvLike } from '../../src/store/keyv.ts';
import { testStore } from '../../src/testing/store-suite.ts';
import { called, redisProgram, startRedis } from '../support/redis.ts';
import { overHttp } from './row-http.ts';

const runner = { test, skip: test.skip };
const { missing } = await redisProgram('redis');

await testStore('keyv in memory', () => fromKeyv(new Keyv({ throwOnErrors: true })), runner);

if (missing !== undefined) {
  describe.skip(called('keyv on Redis', missing), () => test('runs', () => undefined));
} else {
  const server = await startRedis();
  const keyv = createKeyv(server.url, { namespace: 'sessions', throwOnErrors: true });
  afterAll(async () => {
    await keyv.disconnect();
    await server.stop();
  });
  await testStore('keyv on Redis', () => fromKeyv(keyv), runner);
  overHttp(
    'keyv on Redis',
    () => fromKeyv(keyv),
    async (name) => ({
      row: JSON.parse(await server.cli('get', `sessions::${name}`)).value,
      seconds: Number(await server.cli('ttl', `sessions::${name}`)),
    }),
    server,
  );
}

describe('fromKeyv', () => {
  const silentAdapter = (): Keyv => {
    const keyv = createKeyv('redis://127.0.0.1:1', { throwOnErrors: true });
    keyv.store.throwOnErrors = false;
    return keyv;
  };

  test.each([
    ['nothing', () => undefined, /hand in a Keyv/],
    ['a Map', () => new Map(), /Keyv must have throwOnErrors: true/],
    ['a Keyv that takes a dead database for an empty one', () => new Keyv(), /Keyv must have throwOnErrors: true/],
    ['one whose adapter does', silentAdapter, /its adapter must have throwOnErrors: true/],
  ])('refuses %s', (_what, make, message) => {
    expect(() => fromKeyv(make() as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ['namespace', /option of Keyv/],
    ['ttl', /lifetime/],
  ])('says of the option %s what to write instead', (name, message) => {
    expect(() => fromKeyv(new Keyv({ throwOnErrors: true }), { [name]: 'x' } as any)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN', message: expect.stringMatching(message) }),
    );
  });

  test('no key of another name space is taken for a session’s, whatever the Keyv is called', async () => {
    const rows = new Map<string, string>();
    const store = fromKeyv(new Keyv({ store: rows, namespace: 'codes', throwOnErrors: true }));
    const [hash, end] = ['a'.repeat(64), Date.now() + 3_600_000];
    await store.create(hash, 'session', end);
    expect((await store.create(`codes:${hash}`, 'code', end)).result).toBe('ok');
    expect((await store.read(hash))?.document).toBe('session');
    expect([...rows.keys()].sort()).toEqual([`codes:${hash}`, `codes:codes.${hash}`]);
  });

  /** What fromKeyv needs of a Keyv, over a Map. */
  function likeKeyv(over: Partial<KeyvLike> = {}): KeyvLike & { readonly rows: Map<string, unknown> } {
    const rows = new Map<string, unknown>();
    return {
      rows,
      throwOnErrors: true,
      get: async (key) => rows.get(key),
      set: async (key, row) => rows.set(key, row),
      delete: async (key) => rows.delete(key),
      iterator: async function* () {
        yield* rows;
      },
      ...over,
    };
  }
  const KEYS = ['a', 'b', 'c'].map((letter) => letter.repeat(64));

  test('a damaged row ends no walk and no sweep', async () => {
    let damaged = '';
    const keyv = likeKeyv({ get: async (key) => (key === damaged ? JSON.parse('{') : keyv.rows.get(key)) });
    const store = fromKeyv(keyv);
    for (const key of KEYS) await store.create(key, '0', 5);
    damaged = KEYS[1] ?? '';
    const { entries = [] } = (await store.scan?.(undefined, 10)) ?? {};
    expect(entries.map(({ key }) => key)).toEqual([KEYS[0], KEYS[2]]);
    expect(await store.sweep?.(10, 10)).toBe(2);
    expect([...keyv.rows.keys()]).toEqual([damaged]);
  });

  test('a record that is renewed between the sweep’s look and its turn to delete stays', async () => {
    const [key = ''] = KEYS;
    let meanwhile = (): void => undefined;
    const keyv = likeKeyv({
      get: async (name) => {
        meanwhile();
        return keyv.rows.get(name);
      },
    });
    const store = fromKeyv(keyv);
    const made = await store.create(key, '0', 5);
    let renewed: Promise<unknown> | undefined;
    meanwhile = () => {
      renewed ??= store.update(key, made.result === 'ok' ? made.version : '', '1', 1000);
    };
    expect(await store.sweep?.(10, 10)).toBe(0);
    expect(await renewed).toMatchObject({ result: 'ok' });
    expect(await store.read(key)).toMatchObject({ document: '1' });
  });

  test('a write that Keyv says it did not do is an error', async () => {
    const refusing = Object.assign(new Map(), { set: async () => false });
    const store = fromKeyv(new Keyv({ store: refusing as any, throwOnErrors: true }));
    const failed = { code: 'STORE_FAILED', outcome: 'unknown' };
    await expect(store.put('a'.repeat(64), '0', Date.now() + 60_000)).rejects.toMatchObject(failed);
  });

  test('a Keyv without an iterator cannot be walked, and its rows are left to its adapter', () => {
    const store = fromKeyv(likeKeyv({ iterator: undefined }));
    expect(store.capabilities.scan).toBe(false);
    expect(store.sweep).toBeUndefined();
  });
});
