import { afterEach, describe, expect, test, vi } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import type { StoredRecord } from '../../src/store/contract.ts';
import { Budget } from '../../src/store/deadline.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { Pulse } from '../../src/store/pulse.ts';
import { type ManyStore, TurnReads } from '../../src/store/turn-reads.ts';

const never = (): Promise<never> => new Promise(() => undefined);

interface Desk {
  readonly reads: TurnReads;
  readonly pulse: Pulse;
  /** The keys of each call to the store; a lone read is a text. */
  readonly calls: (string | readonly string[])[];
  ask(key: string, ms?: number): Promise<StoredRecord | undefined>;
}

const record = (key: string): StoredRecord => ({ document: `of ${key}`, version: 1, expiresAt: 1 });

function desk(answer: Partial<ManyStore> = {}): Desk {
  const { serverOf } = answer;
  const calls: (string | readonly string[])[] = [];
  const { read = async (key: string) => record(key), readMany = async (keys: readonly string[]) => keys.map(record) } =
    answer;
  const store = Object.assign(memoryStore(), {
    ...(serverOf && { serverOf }),
    read: (key: string) => {
      calls.push(key);
      return read(key);
    },
    readMany: (keys: readonly string[]) => {
      calls.push(keys);
      return readMany(keys);
    },
  });
  const pulse = new Pulse(never);
  const reads = new TurnReads(store, pulse);
  const ask = (key: string, ms = 1000) =>
    new Promise<StoredRecord | undefined>((resolve, reject) => {
      reads.read(key, new Budget(ms), (found, error) => (error === undefined ? resolve(found) : reject(error)));
    });
  return { reads, pulse, calls, ask };
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the reads of one turn of the event loop', () => {
  test('of a store of several servers go out for each by themselves, and nobody waits for a server of others', async () => {
    const { ask, calls } = desk({
      serverOf: (key) => key[0] ?? '',
      readMany: (keys) => (keys[0]?.startsWith('s') ? never() : Promise.resolve(keys.map(record))),
    });
    const silent = [ask('s1', 50), ask('s2', 50)].map((read) => expect(read).rejects.toMatchObject({ status: 503 }));
    const [one, lone, other] = await Promise.all([ask('a1'), ask('b1'), ask('a2')]);
    expect([one, lone, other].map((found) => found?.document)).toEqual(['of a1', 'of b1', 'of a2']);
    expect(calls).toEqual([['s1', 's2'], ['a1', 'a2'], 'b1']);
    await Promise.all(silent);
  });

  test('go out together where a store cannot tell which server has a key', async () => {
    const { ask, calls } = desk({
      serverOf: () => {
        throw new Error('no server');
      },
    });
    expect((await Promise.all([ask('a'), ask('b')])).map((found) => found?.document)).toEqual(['of a', 'of b']);
    expect(calls).toEqual([['a', 'b']]);
  });

  test('go out as one readMany, whatever microtasks lie between them, and each gets its own record', async () => {
    const { ask, calls } = desk();
    const first = ask('a');
    await Promise.resolve();
    const rest = [ask('b'), ask('a')];
    expect((await Promise.all([first, ...rest])).map((found) => found?.document)).toEqual(['of a', 'of b', 'of a']);
    expect(calls).toEqual([['a', 'b', 'a']]);
  });

  test('are a plain read where there is only one, and the next turn asks anew', async () => {
    const { ask, calls } = desk();
    await ask('a');
    await turn();
    await ask('b');
    expect(calls).toEqual(['a', 'b']);
  });

  test('fail one by one: an Error in place of a record harms no other', async () => {
    const broken = new CoatcheckError('STORE_FAILED', 'foreign');
    const { ask } = desk({ readMany: async () => [record('a'), broken, undefined] });
    const asked = await Promise.allSettled([ask('a'), ask('b'), ask('c')]);
    expect(asked).toMatchObject([
      { status: 'fulfilled', value: { document: 'of a' } },
      { status: 'rejected', reason: broken },
      { status: 'fulfilled', value: undefined },
    ]);
  });

  test.each(['rejects', 'throws'])('fail together where the call %s', async (how) => {
    const { ask, pulse } = desk({
      readMany: () => {
        if (how === 'throws') throw new Error('gone');
        return Promise.reject(new Error('gone'));
      },
    });
    const asked = await Promise.allSettled([ask('a'), ask('b')]);
    expect(asked.map((one) => 'reason' in one && one.reason.message)).toEqual(['gone', 'gone']);
    expect(pulse.mark).toBe(1);
  });

  test('end for each caller with its own deadline', async () => {
    const { ask, pulse } = desk({ readMany: never });
    const begun = performance.now();
    const ended: string[] = [];
    const told = (name: string) => (error: unknown) => {
      ended.push(name);
      return error;
    };
    const errors = await Promise.all([ask('slow', 120).catch(told('slow')), ask('quick', 30).catch(told('quick'))]);
    expect(ended).toEqual(['quick', 'slow']);
    expect(errors).toMatchObject([{ code: 'STORE_TIMEOUT' }, { code: 'STORE_TIMEOUT' }]);
    expect(performance.now() - begun).toBeGreaterThan(115);
    expect(pulse.stopped).toBe(true);
    pulse.close();
  });

  test('are not begun at a store that is down', async () => {
    const { ask, pulse, calls } = desk();
    pulse.missed(pulse.mark);
    await expect(ask('a')).rejects.toMatchObject({ code: 'STORE_DOWN', status: 503, outcome: 'none' });
    await turn();
    expect(calls).toEqual([]);
    pulse.close();
  });

  test('count against the budget of whoever waits, and an answer that comes too late is let go', async () => {
    let answer: (records: StoredRecord[]) => void = () => undefined;
    const { reads, pulse } = desk({ readMany: () => new Promise((resolve) => (answer = resolve)) });
    const budget = new Budget(40);
    const told: unknown[] = [];
    reads.read('a', budget, (_found, error) => told.push(error));
    reads.read('b', new Budget(40), () => undefined);
    await expect.poll(() => told.length).toBe(1);
    expect(budget.remaining()).toBeLessThanOrEqual(0);
    expect(pulse.stopped).toBe(true);
    answer([record('a'), record('b')]);
    await turn();
    expect(told).toHaveLength(1);
    expect(pulse.stopped).toBe(false);
  });

  test.each([
    ['too few records', async () => [record('a')]],
    ['too many', async (keys: readonly string[]) => [...keys, 'x'].map(record)],
    ['no list at all', async () => undefined],
  ])(
    'are errors where the store answers %s: whose record is missing must not count as unknown',
    async (_what, answer) => {
      const { ask } = desk({ readMany: answer as unknown as ManyStore['readMany'] });
      const asked = await Promise.allSettled([ask('a'), ask('b')]);
      expect(asked).toMatchObject([{ reason: { code: 'STORE_FAILED' } }, { reason: { code: 'STORE_FAILED' } }]);
    },
  );

  test.each(['read', 'readMany'])('are errors where %s fails without saying why', async (verb) => {
    const { ask } = desk({ [verb]: () => Promise.reject(undefined) });
    const asked = await Promise.allSettled(verb === 'read' ? [ask('a')] : [ask('a'), ask('b')]);
    for (const one of asked) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'STORE_FAILED' } });
  });

  test.each([1, 2])('of %i: who throws at what was found is told so, and starves nobody', async (others) => {
    const { reads, ask } = desk();
    const heard: unknown[] = [];
    const broken = new Error('no record of mine');
    reads.read('a', new Budget(1000), (_found, error) => {
      heard.push(error);
      throw broken;
    });
    const rest = Array.from({ length: others - 1 }, () => ask('b'));
    expect((await Promise.all(rest)).map((found) => found?.document)).toEqual(rest.map(() => 'of b'));
    await turn();
    expect(heard).toEqual([undefined, broken]);
  });

  test('go out together also where there is no setImmediate, as on workerd without Node compatibility', async () => {
    vi.stubGlobal('setImmediate', undefined);
    vi.resetModules();
    const { TurnReads: Alone } = await import('../../src/store/turn-reads.ts');
    const store = Object.assign(memoryStore(), {
      readMany: vi.fn(async (keys: readonly string[]) => keys.map(record)),
    });
    const reads = new Alone(store, new Pulse(never));
    const ask = (key: string) => new Promise((resolve) => reads.read(key, new Budget(1000), resolve));
    expect(await Promise.all([ask('a'), ask('b')])).toMatchObject([{ document: 'of a' }, { document: 'of b' }]);
    expect(store.readMany).toHaveBeenCalledOnce();
  });
});
