import { describe, expect, test } from 'vitest';
import { memoryStore } from '../../src/store/memory.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { testStore } from '../../src/testing/store-suite.ts';

const LATER = 4_000_000_000_000;

await testStore('a faulty store without faults', () => faultyStore(memoryStore()), { test, skip: test.skip });

async function withRecord(): Promise<{ faulty: FaultyStore; inner: ReturnType<typeof memoryStore>; version: number }> {
  const inner = memoryStore();
  const made = await inner.create('k', '0', LATER);
  if (made.result !== 'ok') throw new Error('exists');
  return { faulty: faultyStore(inner), inner, version: made.version as number };
}

describe('a faulty store', () => {
  test.each([
    ['fail', true, 'none', '0'],
    ['break', false, 'none', '0'],
    ['lose-request', true, 'unknown', '0'],
    ['lose-answer', true, 'unknown', '1'],
  ] as const)('%s: an error with retryable %s and outcome %s, and the store holds %s', async (...row) => {
    const [fault, retryable, outcome, holds] = row;
    const { faulty, inner, version } = await withRecord();
    faulty.next('update', fault);
    await expect(faulty.update('k', version, '1', LATER)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable,
      outcome,
    });
    expect((await inner.read('k'))?.document).toBe(holds);
    expect((await faulty.read('k'))?.document).toBe(holds);
  });

  test('twice: the call is made again and the second answer given', async () => {
    const { faulty, inner, version } = await withRecord();
    faulty.next('update', 'twice');
    expect((await faulty.update('k', version, '1', LATER)).result).toBe('conflict');
    expect((await inner.read('k'))?.document).toBe('1');
  });

  test('stale: a read answers as the last one did', async () => {
    const { faulty, version } = await withRecord();
    faulty.next('read', 'stale', undefined, 'stale');
    expect(await faulty.read('k')).toBeUndefined();
    expect((await faulty.read('k'))?.document).toBe('0');
    await faulty.update('k', version, '1', LATER);
    expect((await faulty.read('k'))?.document).toBe('0');
    expect((await faulty.read('k'))?.document).toBe('1');
  });

  test('hang and hang-after: no answer, with and without the deed', async () => {
    const { faulty, inner } = await withRecord();
    faulty.next('put', 'hang', 'hang-after');
    let answers = 0;
    for (const document of ['1', '2']) void faulty.put('k', document, LATER).finally(() => answers++);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(answers).toBe(0);
    expect((await inner.read('k'))?.document).toBe('2');
  });

  test('before, after and again: the test holds the call, the answer, or a duplicate', async () => {
    const { faulty, inner } = await withRecord();
    let open = (): void => undefined;
    const hold = (): Promise<void> =>
      new Promise((resolve) => {
        open = resolve;
      });
    faulty.next('put', { before: hold() });
    const slow = faulty.put('k', '1', LATER);
    expect((await inner.read('k'))?.document).toBe('0');
    open();
    await slow;
    faulty.next('put', { after: hold() });
    const unanswered = faulty.put('k', '2', LATER);
    expect((await inner.read('k'))?.document).toBe('2');
    open();
    await unanswered;
    faulty.next('put', { again: hold() });
    await faulty.put('k', '3', LATER);
    await inner.put('k', '4', LATER);
    open();
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect((await inner.read('k'))?.document).toBe('3');
  });

  test('takes an error as it is, the next before always, always before the plan, and * for any verb', async () => {
    const inner = memoryStore();
    const faulty = faultyStore(inner, ({ verb, nth }) => (verb === 'scan' && nth === 2 ? 'fail' : undefined));
    faulty.always('destroy', 'break');
    faulty.next('*', new Error('mine'));
    await expect(faulty.destroy('k')).rejects.toThrow('mine');
    await expect(faulty.destroy('k')).rejects.toMatchObject({ retryable: false });
    faulty.always('destroy', undefined);
    expect(await faulty.destroy('k')).toBe(false);
    await faulty.scan?.(undefined, 1);
    await expect(faulty.scan?.(undefined, 1)).rejects.toMatchObject({ retryable: true });
    expect(faulty.calls.map(({ verb, key, nth }) => [verb, key, nth])).toEqual([
      ['destroy', 'k', 1],
      ['destroy', 'k', 2],
      ['destroy', 'k', 3],
      ['scan', undefined, 1],
      ['scan', undefined, 2],
    ]);
    faulty.reset();
    expect(faulty.calls).toEqual([]);
  });

  test('has exactly the optional verbs of the store it wraps', () => {
    const { listOwned: _, sweep: __, ...rest } = Object.assign(Object.create(null), bare());
    const faulty = faultyStore(rest);
    expect([faulty.listOwned, faulty.sweep, faulty.readMany, faulty.close]).toEqual(Array(4).fill(undefined));
  });
});

function bare(): ReturnType<typeof memoryStore> {
  const store = memoryStore();
  return {
    capabilities: store.capabilities,
    read: (...a) => store.read(...a),
    create: (...a) => store.create(...a),
    update: (...a) => store.update(...a),
    touch: (...a) => store.touch(...a),
    destroy: (...a) => store.destroy(...a),
    put: (...a) => store.put(...a),
  };
}
