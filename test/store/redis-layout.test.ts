import { createClient } from 'redis';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Scanned, Store } from '../../src/store/contract.ts';
import { openRedis } from '../../src/store/redis.ts';
import { called, redisProgram, startRedis, startRelay } from '../support/redis.ts';

const { missing } = await redisProgram('redis');
const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const NAME = 'c'.repeat(64);
const FULL = `coatcheck:${KEY}`;
const LIST = `coatcheck:~owner:${NAME}`;
const anHour = (): number => Date.now() + 3_600_000;

if (missing !== undefined) {
  describe.skip(called('what stands in Redis', missing), () => test('runs', () => undefined));
} else {
  const redis = await startRedis();
  const relay = await startRelay(redis.port);
  afterAll(async () => {
    await relay.stop();
    await redis.stop();
  });
  beforeEach(async () => {
    relay.heal();
    await redis.cli('flushall');
  });

  for (const driver of ['redis', 'ioredis'] as const) {
    const store: Store = await openRedis({ url: relay.url, driver });
    afterAll(() => store.close?.());
    const again = async <T>(call: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await call();
        } catch (error) {
          if (!(error as { retryable?: boolean }).retryable) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };

    describe(`by ${driver}`, () => {
      test('a record is one string: a line that anybody can read, and the document', async () => {
        const expiresAt = anHour();
        const owner = { name: NAME, until: expiresAt + 7 };
        const created = await store.create(KEY, '{"data":1}', expiresAt, owner);
        const version = created.result === 'ok' ? created.version : '';
        expect(await redis.cli('get', FULL)).toBe(
          `1t${version}000${expiresAt}080000${expiresAt + 7}${NAME}\n{"data":1}`,
        );
        expect(version).toMatch(/^[\w-]{16}$/);
        expect(await redis.cli('zrange', LIST, '0', '-1', 'withscores')).toBe(`${KEY}\n${expiresAt + 7}`);
        await store.put(KEY, Uint8Array.of(1, 2, 255), expiresAt);
        expect(await redis.cli('get', FULL)).toMatch(new RegExp(`^1b[\\w-]{16}000${expiresAt}000\nAQL/$`));
      });

      test('Redis forgets a record a minute after its end, and a list a minute after its last entry', async () => {
        const ttl = async (key: string): Promise<number> => Number(await redis.cli('pttl', key));
        await store.create(KEY, 'x', anHour(), { name: NAME, until: Date.now() + 7_200_000 });
        expect(Math.abs((await ttl(FULL)) - 3_660_000)).toBeLessThan(3000);
        expect(Math.abs((await ttl(LIST)) - 7_260_000)).toBeLessThan(3000);
        const { version = '' } = (await store.read(KEY)) ?? {};
        expect(await store.touch(KEY, version, Date.now() + 10_000)).toBe(true);
        expect(Math.abs((await ttl(FULL)) - 3_660_000)).toBeLessThan(3000);
        expect(await store.touch(KEY, version, Date.now() + 5_000_000)).toBe(true);
        expect(Math.abs((await ttl(FULL)) - 5_060_000)).toBeLessThan(3000);
        expect((await store.update(KEY, version, 'y', Date.now() - 5000)).result).toBe('ok');
        expect(Math.abs((await ttl(FULL)) - 60_000)).toBeLessThan(3000);
        // A shorter entry does not shorten the list.
        await store.create(OTHER, 'x', anHour(), { name: NAME, until: anHour() });
        expect(Math.abs((await ttl(LIST)) - 7_260_000)).toBeLessThan(3000);
      });

      test('entries of a list go when they ended a minute ago', async () => {
        await redis.cli('zadd', LIST, `${Date.now() - 61_000}`, 'dead', `${Date.now() - 30_000}`, 'dying');
        await store.create(KEY, 'x', anHour(), { name: NAME, until: anHour() });
        expect(await store.listOwned?.(NAME)).toEqual(['dying', KEY]);
      });

      test('each verb without an owner is exactly one command', async () => {
        await store.create(OTHER, 'x', anHour());
        const { version = '' } = (await store.read(OTHER)) ?? {};
        const other = await store.update(OTHER, version, 'y', anHour());
        await store.touch(OTHER, other.result === 'ok' ? other.version : '', anHour() + 1000);
        const sent = async (call: () => Promise<unknown>): Promise<(string | undefined)[]> => {
          relay.reset();
          await call();
          expect(relay.seen.roundTrips).toBe(1);
          return relay.seen.commands.map(([name]) => name?.toUpperCase());
        };
        expect(await sent(() => store.create(KEY, 'x', anHour()))).toEqual(['SET']);
        const record = await store.read(KEY);
        expect(await sent(() => store.read(KEY))).toEqual(['GET']);
        expect(await sent(async () => store.readMany?.([KEY, OTHER]))).toEqual(['MGET']);
        expect(await sent(() => store.touch(KEY, record?.version ?? '', anHour() + 9999))).toEqual(['EVALSHA']);
        expect(await sent(() => store.update(KEY, record?.version ?? '', 'y', anHour()))).toEqual(['EVALSHA']);
        expect(await sent(() => store.update(KEY, 'old', 'z', anHour()))).toEqual(['EVALSHA']);
        expect(await sent(() => store.put(KEY, 'z', anHour()))).toEqual(['SET']);
        expect(await sent(() => store.destroy(KEY))).toEqual(['DEL']);
        expect(await sent(async () => store.listOwned?.(NAME))).toEqual(['ZRANGE']);
        expect(await sent(async () => store.forget?.(NAME, KEY))).toEqual(['ZREM']);
      });

      test('with an owner the record comes first and the list second, and each is a command on one key', async () => {
        const ann = { name: NAME, until: anHour() };
        await store.create(OTHER, 'x', anHour(), ann);
        relay.reset();
        await store.create(KEY, 'x', anHour(), ann);
        await store.put(KEY, 'y', anHour(), ann);
        await store.destroy(KEY, NAME);
        const keys = relay.seen.commands.map(([name, first, , third]) =>
          /^evalsha$/i.test(`${name}`) ? third : first,
        );
        expect(keys).toEqual([FULL, LIST, FULL, LIST, FULL, LIST]);
      });

      test('a conflict brings the current record along', async () => {
        await store.create(KEY, 'x', anHour(), { name: NAME, until: anHour() });
        const record = await store.read(KEY);
        expect(await store.update(KEY, 'another version', 'z', anHour())).toEqual({
          result: 'conflict',
          current: record,
        });
        expect(await store.create(KEY, 'z', anHour())).toEqual({ result: 'exists', current: record });
      });

      test('a Redis that has forgotten the scripts is told them again', async () => {
        await store.create(KEY, 'x', anHour(), { name: NAME, until: anHour() });
        const { version = '' } = (await store.read(KEY)) ?? {};
        await redis.cli('script', 'flush');
        relay.reset();
        const answer = await store.update(KEY, version, 'y', anHour());
        expect(answer.result).toBe('ok');
        expect(relay.seen.commands.map(([name]) => name?.toUpperCase())).toEqual(['EVALSHA', 'EVAL']);
        await redis.cli('script', 'flush');
        expect(await store.touch(KEY, answer.result === 'ok' ? answer.version : '', anHour() + 9999)).toBe(true);
        await redis.cli('script', 'flush');
        await store.create(OTHER, 'x', anHour(), { name: NAME, until: anHour() });
        expect((await store.listOwned?.(NAME))?.length).toBe(2);
      });

      test('an owner’s entry that was lost with an answer is written again', async () => {
        const ann = { name: NAME, until: anHour() };
        relay.swallow(([name = '']) => /^set$/i.test(name));
        await expect(store.create(KEY, 'x', anHour(), ann)).rejects.toMatchObject({
          outcome: 'unknown',
          retryable: true,
        });
        relay.heal();
        expect(await redis.cli('exists', LIST)).toBe('0');
        expect((await again(() => store.create(KEY, 'x', anHour(), ann))).result).toBe('exists');
        expect(await store.listOwned?.(NAME)).toEqual([KEY]);
        expect((await store.create(KEY, 'x', anHour(), { name: OTHER, until: anHour() })).result).toBe('exists');
        expect(await store.listOwned?.(OTHER)).toEqual([]);
      });

      test('a write whose answer was lost is never sent a second time', async () => {
        await store.create(KEY, 'x', anHour());
        const { version = '' } = (await store.read(KEY)) ?? {};
        await store.update(KEY, 'old', 'x', anHour());
        relay.reset();
        relay.swallow(([name = '']) => /^(evalsha|eval|set|del)$/i.test(name));
        await expect(store.update(KEY, version, 'y', anHour())).rejects.toMatchObject({ outcome: 'unknown' });
        relay.heal();
        expect((await again(() => store.read(KEY)))?.document).toBe('y');
        expect(relay.seen.commands.filter(([name = '']) => /^eval/i.test(name))).toHaveLength(1);
      });

      test.each([
        ['text', 'hello'],
        ['nothing', ''],
        ['the beginning of a record', `1t${'v'.repeat(16)}0001771234`],
        ['a record whose owner is cut off', `1t${'v'.repeat(16)}0001771234567890080${NAME.slice(20)}`],
        ['a record without a document’s beginning', `1t${'v'.repeat(16)}0001771234567890000{}`],
        ['a time that is none', `1t${'v'.repeat(16)}000177123456789x000\n{}`],
        ['a later layout', `2t${'v'.repeat(16)}0001771234567890000\n{}`],
      ])('under the key of a record, %s is an error of that record alone', async (_what, value) => {
        await store.create(OTHER, 'x', anHour());
        await redis.cli('set', FULL, value);
        const broken = {
          code: 'STORE_FAILED',
          retryable: false,
          message: expect.stringMatching(/no record of coatcheck/),
        };
        await expect(store.read(KEY)).rejects.toMatchObject(broken);
        const [one, two] = (await store.readMany?.([KEY, OTHER])) ?? [];
        expect(one).toMatchObject(broken);
        expect(two).toMatchObject({ document: 'x' });
        await expect(store.create(KEY, 'x', anHour())).rejects.toMatchObject(broken);
        expect(await redis.cli('get', FULL)).toBe(value);
        const page = await store.scan?.(undefined, 100);
        expect(page?.entries.map(({ key }) => key)).toEqual([OTHER]);
        await store.put(KEY, 'ours', anHour());
        expect((await store.read(KEY))?.document).toBe('ours');
      });

      test('a list under the key of a record is an error and never overwritten by a compare-and-set', async () => {
        await redis.cli('rpush', FULL, 'x');
        const broken = { code: 'STORE_FAILED', retryable: false, outcome: 'none' };
        await expect(store.read(KEY)).rejects.toMatchObject(broken);
        await expect(store.update(KEY, 'v', 'x', anHour())).rejects.toMatchObject(broken);
        await expect(store.touch(KEY, 'v', anHour())).rejects.toMatchObject(broken);
        await expect(store.create(KEY, 'x', anHour())).rejects.toMatchObject(broken);
        expect(await redis.cli('lrange', FULL, '0', '-1')).toBe('x');
      });

      test('a full Redis refuses the write for good, and the old record stays', async () => {
        await store.create(KEY, 'small', anHour());
        const { version = '' } = (await store.read(KEY)) ?? {};
        await redis.cli('config', 'set', 'maxmemory', '1');
        const full = {
          code: 'STORE_FAILED',
          retryable: false,
          outcome: 'none',
          message: expect.stringMatching(/full/),
        };
        await expect(store.put(OTHER, 'x', anHour())).rejects.toMatchObject(full);
        await expect(store.update(KEY, version, 'x', anHour())).rejects.toMatchObject(full);
        await redis.cli('config', 'set', 'maxmemory', '0');
        expect((await store.read(KEY))?.document).toBe('small');
      });

      test.each(['a*b[c]?\\d^-:', '{tag}:', '*', 'owner:', '\'"$`;'])('a prefix of %s is text', async (prefix) => {
        const mine = await openRedis({ url: redis.url, driver, prefix });
        const yours = await openRedis({ url: redis.url, driver, prefix: 'axb:' });
        await yours.create(OTHER, 'yours', anHour());
        await mine.create(KEY, 'mine', anHour(), { name: NAME, until: anHour() });
        await mine.create(`space:${KEY}`, 'mine', anHour());
        expect(await redis.cli('exists', prefix + KEY)).toBe('1');
        const keys: string[] = [];
        let cursor: string | undefined;
        do {
          const page: Scanned | undefined = await mine.scan?.(cursor, 10);
          keys.push(...(page?.entries ?? []).map(({ key }) => key));
          cursor = page?.cursor;
        } while (cursor !== undefined);
        expect(keys.sort()).toEqual([KEY, `space:${KEY}`].sort());
        expect(await yours.read(KEY)).toBeUndefined();
        await mine.close?.();
        await yours.close?.();
      });

      test('an owner’s name may have any letters', async () => {
        const name = `'"; { } %41 é 🧥 \n *`;
        await store.create(KEY, 'é', anHour(), { name, until: 8_000_000_000_000_000 });
        const record = await store.read(KEY);
        expect(record?.owner).toEqual({ name, until: 8_000_000_000_000_000 });
        expect((await store.update(KEY, record?.version ?? '', '🧥', anHour())).result).toBe('ok');
        expect(await store.read(KEY)).toMatchObject({ document: '🧥', owner: { name } });
        expect(await store.listOwned?.(name)).toEqual([KEY]);
      });

      test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('a time of %s is refused', async (time) => {
        await expect(store.create(KEY, 'x', time)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
        await expect(store.update(KEY, 'v', 'x', time)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
        await expect(store.touch(KEY, 'v', time)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
        await expect(store.put(KEY, 'x', time)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
      });
    });
  }

  test('a script that a driver sends twice has written once, and says ok', async () => {
    const client = await createClient({ url: redis.url }).connect();
    // What a driver does that sends its commands again after a lost connection.
    const twice = {
      isOpen: true,
      isReady: true,
      sendCommand: async (args: string[]) => {
        if (/^(EVAL|SET)/.test(`${args[0]}`)) await client.sendCommand(args).catch(() => undefined);
        return client.sendCommand(args);
      },
    };
    const store = await openRedis({ client: twice });
    const created = await store.create(KEY, 'x', anHour());
    expect(created.result).toBe('ok');
    const updated = await store.update(KEY, created.result === 'ok' ? created.version : '', 'y', anHour());
    expect(updated.result).toBe('ok');
    expect(await store.read(KEY)).toMatchObject({ document: 'y', version: updated.result === 'ok' && updated.version });
    client.destroy();
  });
}
