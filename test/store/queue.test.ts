import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, test } from 'vitest';
import type { StoredRecord } from '../../src/store/contract.ts';
import { KeyQueue } from '../../src/store/queue.ts';

const record = (version: number): StoredRecord => ({ document: '{}', version, expiresAt: 0 });

function gate(): { open: () => void; passed: Promise<void> } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, passed };
}

/** Runs a task that leaves when it is through, with the record that it gives. */
function run<T>(
  queue: KeyQueue,
  key: string,
  work: (latest: StoredRecord | undefined) => Promise<{ readonly value: T; readonly latest?: StoredRecord }>,
): Promise<T> {
  return queue.run(key, async (latest, leave) => {
    let left: StoredRecord | undefined;
    try {
      const done = await work(latest);
      left = done.latest;
      return done.value;
    } finally {
      leave(left);
    }
  });
}

describe('a key queue', () => {
  test('starts a task at once when the key is free, and keeps nothing afterwards', async () => {
    const queue = new KeyQueue();
    let started = false;
    const done = run(queue, 'a', async (latest) => {
      started = true;
      return { value: latest };
    });
    expect(started).toBe(true);
    expect(queue.size).toBe(1);
    expect(await done).toBeUndefined();
    expect(queue.size).toBe(0);
  });

  test('lets one task a key run at a time, in their order, each with the record that the one before left', async () => {
    const queue = new KeyQueue();
    const log: unknown[] = [];
    let running = 0;
    await Promise.all(
      [1, 2, 3, 4].map((n) =>
        run(queue, 'a', async (latest) => {
          expect(++running).toBe(1);
          log.push([n, latest?.version]);
          await new Promise((resolve) => setTimeout(resolve, 1));
          running--;
          return { value: n, latest: record(n) };
        }),
      ),
    );
    expect(log).toEqual([
      [1, undefined],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(queue.size).toBe(0);
  });

  test('keeps different keys apart', async () => {
    const queue = new KeyQueue();
    const { open, passed } = gate();
    const slow = run(queue, 'a', async () => {
      await passed;
      return { value: 'a' };
    });
    expect(await run(queue, 'b', async () => ({ value: 'b' }))).toBe('b');
    open();
    expect(await slow).toBe('a');
  });

  test('hands a failure to its own caller only, and the next task starts without a record', async () => {
    const queue = new KeyQueue();
    const first = run(queue, 'a', async () => ({ value: 1, latest: record(1) }));
    const second = run(queue, 'a', async () => {
      throw new Error('second');
    });
    const third = run(queue, 'a', async (latest) => ({ value: latest }));
    const thrown = queue.run('a', () => {
      throw new Error('at once');
    });
    expect(await first).toBe(1);
    await expect(second).rejects.toThrow('second');
    expect(await third).toBeUndefined();
    await expect(thrown).rejects.toThrow('at once');
    expect(queue.size).toBe(0);
  });

  test('runs a task that waited in its own async context, not in that of the one before', async () => {
    const queue = new KeyQueue();
    const request = new AsyncLocalStorage<string>();
    const seen = await Promise.all(
      ['ann', 'bob', 'eve'].map((name) =>
        request.run(name, () => run(queue, 'a', async () => ({ value: request.getStore() }))),
      ),
    );
    expect(seen).toEqual(['ann', 'bob', 'eve']);
  });

  test('takes a task that comes just as the last one ends', async () => {
    const queue = new KeyQueue();
    const order: string[] = [];
    const first = run(queue, 'a', async () => ({ value: 1 }));
    const second = first.then(() => run(queue, 'a', async () => ({ value: order.push('second') })));
    const third = run(queue, 'a', async () => ({ value: order.push('third') }));
    await Promise.all([second, third]);
    expect(order).toHaveLength(2);
    expect(queue.size).toBe(0);
  });
});
