import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Sessions } from '../../src/index.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import { NEXT_SECRET, SECRET } from '../store/decorators.ts';
import { pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/encrypted.md';
const before = process.cwd();

beforeEach(() => {
  process.chdir(scratch());
  process.env.STORE_SECRET = SECRET;
  process.env.OLD_STORE_SECRET = NEXT_SECRET;
});
afterEach(() => {
  process.chdir(before);
  delete process.env.STORE_SECRET;
  delete process.env.OLD_STORE_SECRET;
});

test(`${PAGE}: its blocks keep what nobody reads in the file, and take two secrets`, async () => {
  const [first, second, ...more] = pageBlocks(PAGE);
  expect(more).toEqual([]);
  if (first === undefined || second === undefined) throw new Error('a block is missing');
  const { sessions }: { sessions: Sessions } = await run(first);
  await sessions.backend.set('name', 'ann');
  expect(await sessions.backend.get('name')).toBe('ann');
  await sessions.close();
  const inner = await openSqlite({ database: './sessions.db' });
  const [entry] = (await inner.scan?.(undefined, 9))?.entries ?? [];
  const kept = Buffer.from((await inner.read(entry?.key ?? ''))?.document as Uint8Array).toString('latin1');
  expect(kept).toMatch(/^~sealed:/);
  expect(kept).not.toContain('ann');
  await inner.close?.();
  const { store } = await run(second);
  await store.put('a'.repeat(64), 'x', Date.now() + 1e6);
  expect((await store.read('a'.repeat(64))).document).toBe('x');
});

test(`${PAGE} lists every option`, () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/encrypted.ts');
  expect(listed).toEqual(known);
  expect(sectionOf(PAGE, 'Layout')).toContain('~sealed:');
});
