import { describe, expect, it } from 'vitest';
import { copy, load } from '../../src/cli/migrate/copy.ts';
import { Desk } from '../../src/cli/store.ts';
import { CoatcheckError } from '../../src/errors.ts';
import type { Store } from '../../src/store/contract.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/index.ts';
import { seed } from './support.ts';

const OPTIONS = { parallel: 4, dryRun: false, dropOwners: false };

async function crowd(count: number): Promise<{
  from: FaultyStore;
  to: FaultyStore;
  entries: Awaited<ReturnType<NonNullable<Store['scan']>>>['entries'];
}> {
  const from = faultyStore(memoryStore());
  for (let n = 0; n < count; n++) await seed(from, { owner: 'ann' });
  const { entries = [] } = (await from.scan?.(undefined, count)) ?? {};
  from.reset();
  return { from, to: faultyStore(memoryStore()), entries };
}

async function moved(from: Store, to: Store, entries: Parameters<typeof load>[1]) {
  const now = Date.now();
  return copy(Desk.over(to), await load(Desk.over(from), entries, now), { ...OPTIONS, now });
}

describe('a page of a migration', () => {
  it('counts a record as copied whose create was stored and not answered', async () => {
    const { from, to, entries } = await crowd(5);
    to.next('create', undefined, 'lose-answer');
    expect((await moved(from, to, entries)).records.total()).toMatchObject({ read: 5, copied: 5, there: 0 });
    expect(to.calls.filter(({ verb }) => verb === 'create')).toHaveLength(6);
  });

  it('tries again what was refused for a moment', async () => {
    const { from, to, entries } = await crowd(5);
    from.next('read', 'fail');
    to.next('create', 'fail', 'fail', 'lose-request');
    expect((await moved(from, to, entries)).records.total()).toMatchObject({ read: 5, copied: 5 });
  });

  it('counts a record that cannot be read as failed, and the others as copied', async () => {
    const { from, to, entries } = await crowd(5);
    from.next('read', 'break');
    const counts = await moved(from, to, entries);
    expect(counts.records.total()).toMatchObject({ read: 5, copied: 4, failed: 1 });
    expect(counts.index).toMatchObject({ read: 5, copied: 4, failed: 1 });
    expect(counts.failures).toEqual(new Map([['STORE_FAILED', 1]]));
  });

  it('counts nothing where the new store is down, so that all of it is looked at again', async () => {
    const { from, to, entries } = await crowd(20);
    to.always('create', new CoatcheckError('STORE_DOWN', 'down', { outcome: 'none' }));
    await expect(moved(from, to, entries)).rejects.toMatchObject({ code: 'STORE_DOWN' });
    // Nobody goes on writing behind the error.
    expect(to.calls.filter(({ verb }) => verb === 'create')).toHaveLength(OPTIONS.parallel);
  });

  it('counts nowhere what ended between the walk and the read', async () => {
    const { from, to, entries } = await crowd(5);
    await from.destroy(entries[0]?.key ?? '');
    expect((await moved(from, to, entries)).records.total()).toMatchObject({ read: 4, copied: 4 });
  });

  it('writes several records at the same time, and no more than it was told', async () => {
    const { from, to, entries } = await crowd(20);
    let running = 0;
    let most = 0;
    const counting: Store = {
      ...to,
      capabilities: to.capabilities,
      async create(...args) {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve));
        running--;
        return to.create(...args);
      },
    };
    await moved(from, counting, entries);
    expect(most).toBe(4);
  });
});
