import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE, withTable } from '../../scripts/store-table.ts';
import type { Capabilities } from '../../src/store/contract.ts';
import { onEveryStore } from '../support/every-store.ts';

const page = readFileSync(PAGE, 'utf8');
const known = new Map<string, Capabilities>();

await onEveryStore('docs/stores/README.md, its row', (open, name) => {
  test('says what the capabilities and the benchmark say', async () => {
    const { capabilities } = await open();
    known.set(name, capabilities);
    expect(withTable(page, new Map([[name, capabilities]]))).toBe(page);
  });
});

test('the table of docs/stores/README.md is what npm run docs:stores writes', () => {
  expect(withTable(page, known)).toBe(page);
});

test('a store that promises something else, or has no page, changes the table', () => {
  const [[name = '', capabilities] = []] = known;
  if (capabilities === undefined) throw new Error('no store was opened');
  const worse: Capabilities = { ...capabilities, atomic: 'process' };
  expect(withTable(page, new Map([[name, worse]]))).toContain('| one process | one process |');
  expect(withTable(page, new Map([['a store without a page', capabilities]]))).not.toBe(page);
});
