import { existsSync, mkdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Sessions } from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { openFiles } from '../../src/store/file.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { migrating } from '../../src/store/migrating.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/migrating.md';
const KEY = 'a'.repeat(64);
const LATER = Date.now() + 3_600_000;

test(`${PAGE}: its block finds what the old store has`, async () => {
  const before = process.cwd();
  process.chdir(scratch());
  try {
    mkdirSync('sessions', { mode: 0o700 });
    const old = await openFiles({ folder: './sessions' });
    await old.put(KEY, '{"old":true}', LATER);
    await old.close?.();
    const [first] = pageBlocks(PAGE).filter(({ language }) => language === 'ts');
    if (first === undefined) throw new Error('the block is missing');
    const { sessions, store }: { sessions: Sessions; store: () => Promise<Store> } = await run(first);
    await sessions.backend.set('a', 1);
    expect([await sessions.backend.get('a'), existsSync('sessions.db')]).toEqual([1, true]);
    await sessions.close();
    const opened = await store();
    expect((await opened.read(KEY))?.document).toBe('{"old":true}');
    await opened.close?.();
  } finally {
    process.chdir(before);
  }
});

test(`${PAGE} lists every option`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/migrating.ts');
  expect(listed).toEqual(known);
});

test(`${PAGE} counts the calls of each verb`, async () => {
  const [from, to] = [faultyStore(memoryStore()), faultyStore(memoryStore())];
  const store = migrating({ from, to });
  const [moved, other, fresh] = ['b', 'c', 'd'].map((letter) => letter.repeat(64)) as [string, string, string];
  await from.put(KEY, 'old', LATER);
  await to.put(moved, 'new', LATER);
  const version = async (key: string) => (await store.read(key))?.version ?? '';
  const [old, late] = [await version(KEY), await version(moved)];
  const rows: string[] = [];
  const count = async (what: string, call: () => Promise<unknown>): Promise<void> => {
    from.reset();
    to.reset();
    await call();
    rows.push(`| ${what} | ${to.calls.length || '-'} | ${from.calls.length || '-'} |`);
  };
  await count('read, moved', () => store.read(moved));
  await count('read, not moved', () => store.read(KEY));
  await count('read, unknown', () => store.read(other));
  await count('create', () => store.create(fresh, 'x', LATER));
  await count('update, moved', () => store.update(moved, late, 'x', LATER));
  await count('touch, not moved', () => store.touch(KEY, old, LATER));
  await count('update, the first', () => store.update(KEY, old, 'x', LATER));
  const section = sectionOf(PAGE, 'Calls');
  for (const row of rows) expect(section).toContain(row);
});
