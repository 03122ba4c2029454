import type { Store } from '../store/contract.ts';
import { type CaseContext, inAnHour, type Need, type StoreCase } from './store-cases/case.ts';
import { documentCases } from './store-cases/documents.ts';
import { ownerCases } from './store-cases/owners.ts';
import { raceCases } from './store-cases/races.ts';
import { recordCases } from './store-cases/records.ts';
import { walkCases } from './store-cases/walks.ts';

/** The part of a test runner that the suite needs: `test` and `test.skip` of vitest, node:test or bun:test. */
export interface Runner {
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  readonly skip: (name: string, run: () => Promise<void>) => unknown;
}

const NEEDS: Readonly<Record<Need, { readonly met: (store: Store) => boolean; readonly reason: string }>> = {
  atomic: { met: (store) => store.capabilities.atomic !== 'no', reason: "the store says atomic: 'no'" },
  strong: { met: (store) => store.capabilities.reads === 'strong', reason: "the store says reads: 'eventual'" },
  owners: { met: (store) => store.capabilities.owners, reason: 'the store says owners: false' },
  scan: { met: (store) => store.capabilities.scan, reason: 'the store says scan: false' },
  bytes: { met: (store) => store.capabilities.bytes, reason: 'the store says bytes: false' },
  sweep: { met: (store) => store.sweep !== undefined, reason: 'the store has no sweep' },
  readMany: { met: (store) => store.readMany !== undefined, reason: 'the store has no readMany' },
  close: { met: (store) => store.close !== undefined, reason: 'the store has no close' },
};

/** Every sentence of the store's contract, as cases that any runner can run. */
export function storeCases(): readonly StoreCase[] {
  return [CAPABILITIES, ...recordCases, ...documentCases, ...ownerCases, ...walkCases, ...raceCases];
}

/** Why a case says nothing about this store; undefined where it does. */
export function reasonToSkip(storeCase: StoreCase, store: Store): string | undefined {
  const missing = storeCase.needs?.find((need) => !NEEDS[need].met(store));
  return missing && NEEDS[missing].reason;
}

/**
 * Runs one case on a store: what `testStore` does for each. The keys and owners it makes are new.
 *
 * @throws AssertionError where the store breaks its promise
 */
export async function runStoreCase(storeCase: StoreCase, store: Store): Promise<void> {
  await storeCase.run(contextFor(store));
}

/**
 * Registers the whole suite for a store with a test runner. What a store cannot do by its own word is registered as
 * skipped, with the reason in its name.
 *
 * Await it: it opens the store once to learn its capabilities.
 *
 * @param name the store's name, in front of each test's
 * @param open gives a store for one case; called once a case, and closed after it. All may share one database
 *
 * @example
 * import { test } from 'vitest';
 * await testStore('my store', () => myStore(client), { test, skip: test.skip });
 */
export async function testStore(name: string, open: () => Store | Promise<Store>, runner: Runner): Promise<void> {
  const probe = await open();
  const reasons = storeCases().map((storeCase) => [storeCase, reasonToSkip(storeCase, probe)] as const);
  await probe.close?.();
  for (const [storeCase, reason] of reasons) {
    const run = async (): Promise<void> => {
      const store = await open();
      try {
        await runStoreCase(storeCase, store);
      } finally {
        await store.close?.();
      }
    };
    if (reason === undefined) runner.test(`${name}: ${storeCase.name}`, run);
    else runner.skip(`${name}: ${storeCase.name} (skipped: ${reason})`, run);
  }
}

const CAPABILITIES: StoreCase = {
  name: 'has the verbs that its capabilities speak of',
  async run({ store }) {
    const { owners, scan, maxBytes } = store.capabilities;
    const has = { owners: Boolean(store.listOwned && store.forget), scan: store.scan !== undefined };
    if (has.owners !== owners) throw new Error('`owners` must say whether there are listOwned and forget.');
    if (has.scan !== scan) throw new Error('`scan` must say whether there is a scan.');
    if (!(maxBytes > 0)) throw new Error('`maxBytes` must be a number above zero.');
  },
};

function contextFor(store: Store): CaseContext {
  return {
    store,
    key: (space) => (space === undefined ? randomHex() : `${space}:${randomHex()}`),
    owner: (until = inAnHour()) => ({ name: randomHex(), until }),
    seen: (check) => (store.capabilities.reads === 'strong' ? check() : eventually(check)),
  };
}

async function eventually(check: () => Promise<void>): Promise<void> {
  const end = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** 32 random bytes in hex, as a key has them. */
function randomHex(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
