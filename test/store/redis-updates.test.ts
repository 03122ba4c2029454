import { createClient } from 'redis';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import type { Store, StoredRecord } from '../../src/store/contract.ts';
import { openRedis } from '../../src/store/redis.ts';
import { called, redisProgram, startRedis, startRelay } from '../support/redis.ts';

const { missing } = await redisProgram('redis');
const LATER = Date.now() + 3_600_000;
const NAME = 'e'.repeat(64);
const keyOf = (n: number): string => `${n}`.padStart(64, '0');

if (missing !== undefined) {
  describe.skip(called('updates of one turn', missing), () => test('run', () => undefined));
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
    const born = async (n: number, owner?: string): Promise<StoredRecord> => {
      await store.create(keyOf(n), `old ${n}`, LATER, owner === undefined ? undefined : { name: owner, until: LATER });
      return (await store.read(keyOf(n))) as StoredRecord;
    };
    const born20 = (): Promise<StoredRecord[]> => Promise.all(Array.from({ length: 20 }, (_, n) => born(n)));
    const written = (): string[] =>
      relay.seen.commands.map(([name = '', , keys = '']) => `${name.toUpperCase()} ${keys}`);

    describe(`updates of one turn by ${driver}`, () => {
      test('are one command, and each is answered by itself', async () => {
        const records = await Promise.all([born(0), born(1, NAME), born(2), born(3)]);
        await store.destroy(keyOf(2));
        await redis.cli('del', `coatcheck:${keyOf(3)}`);
        await redis.cli('lpush', `coatcheck:${keyOf(3)}`, 'no record');
        relay.reset();
        const answers = await Promise.allSettled([
          store.update(keyOf(0), records[0]?.version ?? '', 'new 0', LATER),
          store.update(keyOf(1), records[1]?.version ?? '', 'new 1', LATER + 1),
          store.update(keyOf(2), records[2]?.version ?? '', 'new 2', LATER),
          store.update(keyOf(3), records[3]?.version ?? '', 'new 3', LATER),
          store.update(keyOf(1), 'another version', 'newer 1', LATER),
        ]);
        expect(written()[0]).toBe('EVALSHA 5');
        expect(relay.seen.roundTrips).toBeLessThanOrEqual(2);
        const after = await store.read(keyOf(1));
        expect(after).toMatchObject({ document: 'new 1', expiresAt: LATER + 1, owner: { name: NAME, until: LATER } });
        expect((await store.read(keyOf(0)))?.document).toBe('new 0');
        expect(answers).toEqual([
          { status: 'fulfilled', value: { result: 'ok', version: expect.stringMatching(/^[\w-]{16}$/) } },
          { status: 'fulfilled', value: { result: 'ok', version: after?.version } },
          { status: 'fulfilled', value: { result: 'gone' } },
          {
            status: 'rejected',
            reason: expect.objectContaining({ code: 'STORE_FAILED', outcome: 'none', retryable: false }),
          },
          { status: 'fulfilled', value: { result: 'conflict', current: after } },
        ]);
        expect(String(answers[3]?.status === 'rejected' && answers[3].reason)).toMatch(/no record of coatcheck/);
        expect(Number(await redis.cli('pttl', `coatcheck:${keyOf(0)}`))).toBeGreaterThan(3_600_000);
      });

      test('are told to a Redis that has forgotten the script', async () => {
        const records = await born20();
        await redis.cli('script', 'flush');
        relay.reset();
        const answers = await Promise.all(
          records.map(({ version }, n) => store.update(keyOf(n), version, 'new', LATER)),
        );
        expect(answers.every(({ result }) => result === 'ok')).toBe(true);
        expect(written()).toEqual(['EVALSHA 20', 'EVAL 20']);
      });

      test('that are long, or very many, do not stop Redis for long', async () => {
        const records = await born20();
        const long = 'x'.repeat(30_000);
        relay.reset();
        await Promise.all(records.map(({ version }, n) => store.update(keyOf(n), version, long, LATER)));
        expect(written()).toEqual(Array.from({ length: 10 }, () => 'EVALSHA 2'));
        relay.reset();
        await Promise.all(Array.from({ length: 100 }, (_, n) => store.update(keyOf(n + 100), 'none', 'x', LATER)));
        expect(written()).toEqual(['EVALSHA 64', 'EVALSHA 36']);
      });

      test('of a full Redis are refused one by one, and nothing was written', async () => {
        const records = await born20();
        await redis.cli('config', 'set', 'maxmemory', '1');
        try {
          const answers = await Promise.allSettled(
            records.map(({ version }, n) => store.update(keyOf(n), version, 'new', LATER)),
          );
          for (const answer of answers) {
            expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED', outcome: 'none' } });
            expect(String((answer as PromiseRejectedResult).reason)).toMatch(/maxmemory/);
          }
        } finally {
          await redis.cli('config', 'set', 'maxmemory', '0');
        }
        expect((await store.read(keyOf(7)))?.document).toBe('old 7');
      });

      test('whose answer is lost are in doubt, all of them', async () => {
        const records = await born20();
        relay.swallow(([name = '']) => /^evalsha$/i.test(name));
        const answers = await Promise.allSettled(
          records.map(({ version }, n) => store.update(keyOf(n), version, 'new', LATER)),
        );
        for (const answer of answers) {
          expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED', outcome: 'unknown' } });
        }
      });
    });
  }

  test('updates of one turn are sent one by one where several keys are refused', async () => {
    const client = await createClient({ url: redis.url, disableOfflineQueue: true }).connect();
    const send = client.sendCommand.bind(client);
    let refused = 0;
    Object.assign(client, {
      sendCommand: (args: string[], options: object) => {
        if (!/^eval/i.test(args[0] ?? '') || args[2] === '1') return send(args, options as never);
        refused++;
        // What a proxy in front of several servers answers, by Redis itself.
        return send(['EVAL', "return redis.error_reply('ERR one key a command')", '0'], options as never);
      },
    });
    const behind = await openRedis({ client });
    const keys = Array.from({ length: 20 }, (_, n) => keyOf(n));
    for (const key of keys) await behind.create(key, 'old', LATER);
    for (const document of ['new', 'newer']) {
      const answers = await Promise.all(
        keys.map(async (key) => {
          const { version } = (await behind.read(key)) as StoredRecord;
          return behind.update(key, version, document, LATER);
        }),
      );
      expect(answers.every(({ result }) => result === 'ok')).toBe(true);
      expect((await behind.read(keyOf(19)))?.document).toBe(document);
    }
    expect(refused).toBe(1);
    await client.close();
  });
}
