import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { onEveryStore } from '../support/every-store.ts';
import { root } from './blocks.ts';
import { overheadOf, rowOf, STORE_PAGES } from './store-table.ts';

const PAGE = 'docs/stores/README.md';
const page = readFileSync(join(root, PAGE), 'utf8');

await onEveryStore(`${PAGE}, its row`, (open, name) => {
  test('says what the capabilities say', async () => {
    const store = await open();
    expect(STORE_PAGES).toHaveProperty([name]);
    expect(page).toContain(rowOf(name, store.capabilities));
  });
});

test(`${PAGE} has a row for each store, and its figures are the measured ones`, () => {
  const rows = page.split('\n').filter((line) => /^\| \[/.test(line));
  const named = rows.map((row) => /^\| \[([^\]]+)\]\(([^)]+)\)/.exec(row)?.slice(1, 3));
  const pages = Object.values(STORE_PAGES).map(({ title, page: file }) => [title, file]);
  expect(new Set(named.map(String))).toEqual(new Set(pages.map(String)));
  for (const [name, { title }] of Object.entries(STORE_PAGES)) {
    expect(rows.filter((row) => row.startsWith(`| [${title}]`)).join('\n')).toContain(overheadOf(name));
  }
});
