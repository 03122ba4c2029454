import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';
import { testStore } from '../../src/testing/store-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'coatcheck-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

await testStore('files', () => openFiles({ folder: join(folder, 'suite') }), { test, skip: test.skip });
await testStore('files, with fsync', () => openFiles({ folder: join(folder, 'fsync'), fsync: true }), {
  test,
  skip: test.skip,
});
