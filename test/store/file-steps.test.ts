import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import type { CoatcheckError } from '../../src/errors.ts';
import type { Store, Version } from '../../src/store/contract.ts';
import { openFiles } from '../../src/store/file.ts';
import { readLabel } from '../../src/store/file-label.ts';
import { memoryStore } from '../../src/store/memory.ts';

/**
 * Stops a writer before each of its calls to the system in turn. Killed there, it must leave a store that everybody
 * else uses as if nothing had happened. Merely stopped, while others write, and then going on, what it does and what
 * they did must come out as if one had come after the other.
 */

const gate = vi.hoisted(() => ({ before: undefined as (() => Promise<void> | undefined) | undefined }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const guarded = (value: unknown) => {
    if (typeof value !== 'function') return value;
    return async (...args: unknown[]) => {
      await gate.before?.();
      return value(...args);
    };
  };
  return Object.fromEntries(Object.entries(real).map(([name, value]) => [name, guarded(value)]));
});

const KEY = 'a1'.repeat(32);
const ANN = 'b2'.repeat(32);
const LATER = 4_000_000_000_123;
const OWNER = { name: ANN, until: LATER };

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-steps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => {
  gate.before = undefined;
});

type Act = (store: Store, version: Version) => Promise<unknown>;

/** With the version that stands there now, if any does. */
const withVersion =
  (act: Act) =>
  async (store: Store): Promise<unknown> => {
    const record = await store.read(KEY);
    return record === undefined ? 'nothing there' : act(store, record.version);
  };

/** Where the record is there before, or is not; and the verb. */
const VERBS: Readonly<Record<string, readonly [there: boolean, act: Act]>> = {
  create: [false, (store) => store.create(KEY, 'mine', LATER, OWNER)],
  'create of what is there': [true, (store) => store.create(KEY, 'mine', LATER, OWNER)],
  update: [true, (store, version) => store.update(KEY, version, 'mine', LATER)],
  touch: [true, (store, version) => store.touch(KEY, version, LATER + 1000)],
  destroy: [true, (store) => store.destroy(KEY, ANN)],
  put: [false, (store) => store.put(KEY, 'mine', LATER, OWNER)],
  'put over a record': [true, (store) => store.put(KEY, 'mine', LATER, OWNER)],
};

const OTHERS: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'an update': withVersion((store, version) => store.update(KEY, version, 'theirs', LATER - 1000)),
  'a touch': withVersion((store, version) => store.touch(KEY, version, LATER + 500)),
  'an end': (store) => store.destroy(KEY, ANN),
  'an end and a new beginning': async (store) => [
    await store.destroy(KEY, ANN),
    await store.create(KEY, 'theirs', LATER, OWNER),
  ],
  'a put': (store) => store.put(KEY, 'theirs', LATER, OWNER),
};

/** Without what cannot be compared: versions are random, and what stood there may have moved on since. */
const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value ?? null, (name, inner) => (/^(version|current)$/.test(name) ? undefined : inner)));

async function stateOf(store: Store): Promise<unknown> {
  const record = await store.read(KEY);
  // A list may name what is gone, and never misses what is there.
  const listed = (await store.listOwned?.(ANN))?.includes(KEY);
  return plain([record, record?.owner === undefined || listed]);
}

/** The version of the record that is there before; none where there is none. */
async function begin(store: Store, there: boolean): Promise<Version> {
  if (!there) return '';
  await store.create(KEY, 'first', LATER - 5000, OWNER);
  return (await store.read(KEY))?.version ?? '';
}

/** Starts the act and stops it before its call number `at`; undefined where it ended before that. */
async function stopped(act: () => Promise<unknown>, at: number) {
  let calls = 0;
  let goOn = (): void => undefined;
  const here = new Promise<'stopped'>((reached) => {
    gate.before = () => {
      if (calls++ !== at) return undefined;
      gate.before = undefined;
      reached('stopped');
      return new Promise<void>((resolve) => {
        goOn = resolve;
      });
    };
  });
  const result = act();
  const ended = result.then(
    () => 'ended' as const,
    () => 'ended' as const,
  );
  const which = await Promise.race([here, ended]);
  gate.before = undefined;
  return which === 'stopped' ? { goOn, result } : undefined;
}

/** What a store without any overlap answers to both, and what stands there then. */
async function inOrder(there: boolean, act: Act, others: (store: Store) => Promise<unknown>, othersFirst = false) {
  const store = memoryStore();
  const version = await begin(store, there);
  const before = othersFirst ? plain(await others(store)) : undefined;
  const mine = plain(await act(store, version));
  const theirs = othersFirst ? before : plain(await others(store));
  return [mine, theirs, await stateOf(store)];
}

let folders = 0;
const newFolder = (): string => join(folder, `${folders++}`);

function allFiles(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true }).map((entry) =>
    relative(path, join(entry.parentPath, entry.name)),
  );
}

/** Makes all of it, or all in one folder, look as if it had been written two minutes ago. */
function age(path: string, room = ''): void {
  const then = new Date(Date.now() - 120_000);
  for (const name of allFiles(join(path, room))) utimesSync(join(path, room, name), then, then);
}

/** Nothing lies there but whole records and their entries. */
function expectTidy(path: string): void {
  const names = allFiles(path).filter((name) => name.split('/').length > 2);
  const documents = names.filter((name) => name.startsWith('documents/'));
  const labels = names.filter((name) => name.startsWith('records/') && name.split('/').length === 4);
  expect(documents).toHaveLength(labels.length);
  for (const label of labels) expect(documents.join()).toContain(readLabel(label.split('/').at(-1) ?? '')?.id);
  expect(names.filter((name) => name.startsWith('records/') && name.split('/').length === 3)).toHaveLength(
    labels.length,
  );
  expect(readdirSync(join(path, 'new'))).toEqual([]);
}

describe.each(Object.entries(VERBS))('%s', (_verb, [there, act]) => {
  test('that is killed before any of its calls leaves the record as it was or as it should be, and no trace', async () => {
    let steps = 0;
    for (let at = 0; ; at++) {
      const path = newFolder();
      const [victim, other] = [await openFiles({ folder: path }), await openFiles({ folder: path })];
      const version = await begin(victim, there);
      const before = await stateOf(other);
      if ((await stopped(() => act(victim, version), at)) === undefined) break;
      steps++;
      const after = await other.read(KEY);
      expect([
        ...(before as unknown[]).map((one) => (one as { document?: string } | null)?.document),
        'mine',
        undefined,
      ]).toContain(after?.document);
      // Everybody goes on.
      if (after !== undefined) {
        expect(await other.update(KEY, after.version, 'next', LATER)).toMatchObject({ result: 'ok' });
      } else expect(await other.create(KEY, 'next', LATER, OWNER)).toMatchObject({ result: 'ok' });
      expect((await other.read(KEY))?.document).toBe('next');
      // What is young may belong to somebody who lives.
      await other.sweep?.(0, 100);
      age(path);
      await other.sweep?.(0, 100);
      expect((await other.read(KEY))?.document).toBe('next');
      expectTidy(path);
      expect(await other.destroy(KEY, ANN)).toBe(true);
      expect(await other.read(KEY)).toBeUndefined();
      expectTidy(path);
    }
    expect(steps).toBeGreaterThan(1);
  });

  test.each(Object.entries(OTHERS))(
    'that is stopped before any of its calls, and goes on after %s, comes out as one after the other',
    async (_other, others) => {
      for (let at = 0; ; at++) {
        const path = newFolder();
        const [victim, other] = [await openFiles({ folder: path }), await openFiles({ folder: path })];
        const version = await begin(victim, there);
        const stop = await stopped(() => act(victim, version), at);
        if (stop === undefined) break;
        const theirs = plain(await others(other));
        stop.goOn();
        const mine = plain(await stop.result);
        const orders = [await inOrder(there, act, others), await inOrder(there, act, others, true)];
        expect(orders).toContainEqual([mine, theirs, await stateOf(other)]);
        age(path);
        await other.sweep?.(0, 100);
        expectTidy(path);
      }
    },
  );

  // The document alone is old where its writer was stopped before it wrote the label.
  test.each(['', 'documents'])(
    'that is stopped for so long that the sweep clears up behind it, and then goes on, harms nothing: %j',
    async (old) => {
      for (let at = 0; ; at++) {
        const path = newFolder();
        const [victim, other] = [await openFiles({ folder: path }), await openFiles({ folder: path })];
        const version = await begin(victim, there);
        const stop = await stopped(() => act(victim, version), at);
        if (stop === undefined) break;
        age(path, old);
        await other.sweep?.(0, 100);
        if (old === '') expectTidy(path);
        stop.goOn();
        const mine = await stop.result.then(
          plain,
          (error: { code?: string; outcome?: string; retryable?: boolean }) => {
            expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: true });
            return 'refused';
          },
        );
        // Whole, whatever it is; and mine where it was said to be.
        const record = await other.read(KEY);
        if ((mine as { result?: string } | null)?.result === 'ok') expect(record?.document).toBe('mine');
        if (mine === 'refused') expect(record?.document).toBe(there ? 'first' : undefined);
        age(path);
        await other.sweep?.(0, 100);
        expectTidy(path);
      }
    },
  );

  test.each([
    ['EMFILE', false],
    ['EMFILE', true],
    ['EIO', true],
  ])(
    'of which any call fails with %s (fsync: %j) says truly whether it was done, and harms nothing',
    async (code, fsync) => {
      for (let at = 0; ; at++) {
        const path = newFolder();
        const store = await openFiles({ folder: path, fsync });
        const version = await begin(store, there);
        const before = await stateOf(store);
        let calls = 0;
        gate.before = () =>
          calls++ === at ? Promise.reject(Object.assign(new Error(code), { code, syscall: 'open' })) : undefined;
        const failure = await act(store, version).then(
          () => undefined,
          (error: unknown) => error as CoatcheckError,
        );
        gate.before = undefined;
        if (calls <= at) break;
        const record = await store.read(KEY);
        if (failure?.outcome === 'none') expect(await stateOf(store)).toEqual(before);
        if (failure !== undefined) {
          expect(failure).toMatchObject({ code: 'STORE_FAILED', retryable: code === 'EMFILE' });
          expect(failure.outcome).toMatch(/^(none|unknown)$/);
        }
        age(path);
        await store.sweep?.(0, 100);
        expectTidy(path);
        expect(await store.read(KEY)).toEqual(record === undefined ? undefined : expect.anything());
      }
    },
  );
});
