import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';
import { block, pageBlocks, run, scratch } from './blocks.ts';
import { optionsOf, promisesOf, sectionOf } from './promises.ts';

const PAGE = 'docs/stores/file.md';

function folder(): string {
  const above = mkdtempSync(join(tmpdir(), 'coatcheck-docs-files-'));
  onTestFinished(() => rmSync(above, { recursive: true, force: true }));
  return join(above, 'sessions');
}

test(`${PAGE}: its block keeps records in a folder`, async () => {
  const before = process.cwd();
  process.chdir(scratch());
  try {
    const [only, ...more] = pageBlocks(PAGE);
    expect(more).toEqual([]);
    const { sessions } = await run(block(PAGE, only?.name ?? ''));
    await sessions.backend.set('a', 1);
    expect(existsSync('sessions/format')).toBe(true);
    await sessions.close();
  } finally {
    process.chdir(before);
  }
});

test(`${PAGE} promises what the capabilities say`, async () => {
  const store = await openFiles({ folder: folder() });
  expect(sectionOf(PAGE, 'What is promised')).toContain(promisesOf(store.capabilities));
});

test(`${PAGE} lists every option and every folder`, async () => {
  const { listed, known } = optionsOf(PAGE, 'src/store/file.ts');
  expect(listed).toEqual(known);
  const made = folder();
  await openFiles({ folder: made });
  const [, table = ''] = /\| file \| \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(sectionOf(PAGE, 'Layout')) ?? [];
  const names = [...table.matchAll(/^\| `(\w+)/gm)].map(([, name = '']) => name);
  expect(names.sort()).toEqual(readdirSync(made).sort());
});
