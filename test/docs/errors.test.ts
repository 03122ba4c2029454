import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_STATUS } from '../../src/errors.ts';
import { createSessions } from '../../src/index.ts';
import { runWith } from '../../src/session/ambient.ts';
import { Browser } from '../support/visit.ts';
import { block, root, run } from './blocks.ts';

test('docs/errors.md gives every code the status that it has', () => {
  const page = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, status]) => [code, Number(status)]);
  expect(Object.fromEntries(rows)).toEqual(ERROR_STATUS);
});

test('docs/errors.md: an awaited save tells that the session was ended', async () => {
  const { save } = await run(block('docs/errors.md', 'Errors'));
  const browser = new Browser(createSessions());
  await browser.visit((session) => session.set('n', 1));
  const slow = await browser.begin();
  await browser.visit(async (session) => {
    session.set('n', 2);
    expect(await runWith(session, save)).toBe('saved');
    await session.destroy();
  });
  slow.session.set('n', 3);
  expect(await runWith(slow.session, save)).toBe('log in again');
});
