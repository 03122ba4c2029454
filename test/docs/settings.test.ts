import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { sessionsFromEnv } from '../../src/env/index.ts';
import { type Fate, SETTINGS } from '../../src/env/table.ts';
import { block, browse, pageBlocks, root, run } from './blocks.ts';

const PAGE = 'docs/settings.md';

afterEach(() => vi.unstubAllEnvs());

/** What each block must do. */
const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  Settings: async () => {
    vi.stubEnv('SESSION_TYPE', 'memory');
    const { app } = await run(block(PAGE, 'Settings'));
    await browse(app, async (visit) => {
      expect((await visit('/')).text).toBe('Visit 1');
      expect((await visit('/')).text).toBe('Visit 2');
    });
  },
  'With options': async () => {
    vi.stubEnv('SESSION_URI', 'memory:');
    const { logOutEverywhere } = await run(block(PAGE, 'With options'));
    expect(await logOutEverywhere('ann')).toBe(0);
  },
};

test.each(Object.entries(CHECKS))('docs/settings.md: %s', async (_name, check) => {
  await check();
});

test('every block of docs/settings.md is run', () => {
  const names = pageBlocks(PAGE).flatMap(({ language, name }) => (language === 'ts' ? [name] : []));
  expect(names.sort()).toEqual(Object.keys(CHECKS).sort());
});

test('docs/settings.md tells which words of SESSION_TYPE name a store of this version', async () => {
  const page = readFileSync(join(root, PAGE), 'utf8').split('\n## The store\n')[1]?.split('\n## ')[0] ?? '';
  for (const [, words = '', uri = ''] of page.matchAll(/^\| (`.*?) \| (.*) \|$/gm)) {
    for (const [, word = ''] of words.matchAll(/`([^`]+)`/g)) {
      if (word === 'SESSION_TYPE') continue;
      const SESSION_URI = /^\[?`((?:sqlite|postgres):.*)`/.exec(uri)?.[1];
      const made = sessionsFromEnv(
        { SESSION_TYPE: word, SESSION_URI, SECRET_KEY: '4yGQ0pZkT9vXr2LwHn7mBc5sDf8aUe1J' },
        { revocation: 'none' },
      );
      if (/not in this version|refused/.test(uri)) await expect(made, word).rejects.toThrow('SESSION_TYPE');
      else await expect(made, word).resolves.toBeDefined();
    }
  }
});

function here(fate: Fate): string {
  if ('into' in fate) return `\`${fate.into}\`: ${fate.takes}`;
  if ('always' in fate) return `only \`${fate.always}\`: ${fate.otherwise}`;
  return 'refused' in fate ? `refused: ${fate.refused}` : `no effect: ${fate.ignored}`;
}

test('the table of docs/settings.md is that of the source', () => {
  const page = readFileSync(join(root, PAGE), 'utf8').split('\n## All settings\n')[1] ?? '';
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(SETTINGS.map(({ name, of, fate }) => `| \`${name}\` | ${of} | ${here(fate)} |`));
});
