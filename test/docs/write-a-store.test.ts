import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import type { Store } from '../../src/store/contract.ts';
import { testStore } from '../../src/testing/index.ts';
import { Browser } from '../support/visit.ts';
import { block, run, scratch } from './blocks.ts';

const { openJsonFile } = (await run(block('docs/write-a-store.md', 'A whole store'))) as {
  openJsonFile(path: string): Promise<Store>;
};

const folder = scratch();
let file = 0;
await testStore('the store of docs/write-a-store.md', () => openJsonFile(join(folder, `${file++}.json`)), {
  test,
  // What it leaves out is the page's choice, and nobody can do anything about it here.
  skip: () => undefined,
});

test('the store of docs/write-a-store.md keeps a session over a restart, in a file that holds no ticket', async () => {
  const path = join(folder, 'sessions.json');
  const before = new Browser(createSessions({ store: () => openJsonFile(path) }));
  await before.visit((session) => session.set('user', 'ann'));
  const after = new Browser(createSessions({ store: () => openJsonFile(path) }), before.cookie);
  await after.visit((session) => expect(session.user).toBe('ann'));
  const ticket = before.cookie?.split('=')[1] ?? '';
  expect(ticket).toHaveLength(43);
  expect(readFileSync(path, 'utf8')).not.toContain(ticket);
});
