import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { openFiles } from '../../src/store/file.ts';
import { failing, mend, system } from './file-system.ts';

vi.mock('node:fs/promises', async (original) => (await import('./file-system.ts')).watched(await original()));

afterEach(mend);

const KEY = 'a1'.repeat(32);
const LATER = 4_000_000_000_123;

const scratch = mkdtempSync(join(tmpdir(), 'coatcheck-format-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(scratch, `${folders++}`);

describe('the file format', () => {
  test('that is a link to nowhere is refused', { timeout: 5000 }, async () => {
    const folder = newFolder();
    mkdirSync(folder);
    symlinkSync(join(scratch, 'nowhere'), join(folder, 'format'));
    let calls = 0;
    system.before = () => {
      if (++calls > 1000) throw new Error('it goes on for ever');
    };
    await expect(openFiles({ folder })).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
    expect(readdirSync(folder)).toEqual(['format']);
    expect(existsSync(join(scratch, 'nowhere'))).toBe(false);
  });

  test('that is a link to a whole one, or a folder, is refused', async () => {
    const [first, second] = [newFolder(), newFolder()];
    const whole = newFolder();
    await openFiles({ folder: whole });
    mkdirSync(first);
    symlinkSync(join(whole, 'format'), join(first, 'format'));
    mkdirSync(join(second, 'format'), { recursive: true });
    await expect(openFiles({ folder: first })).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
    await expect(openFiles({ folder: second })).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
  });

  test('that comes and goes does not hold the start up for ever', { timeout: 5000 }, async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'format'), 'coatcheck 1\n');
    let calls = 0;
    system.before = (call, path) => {
      if (++calls > 1000) throw new Error('it goes on for ever');
      failing('ENOENT', () => call !== 'readdir' && path.endsWith('/format'))(call, path);
    };
    await expect(openFiles({ folder })).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true });
  });

  test.each(['', '\0'.repeat(12)])(
    'that lost its text %j in a power cut, beside our own folders, is ours',
    async (text) => {
      const folder = newFolder();
      await (await openFiles({ folder })).create(KEY, 'x', LATER);
      writeFileSync(join(folder, 'format'), text);
      const again = await openFiles({ folder });
      expect((await again.read(KEY))?.document).toBe('x');
      expect(readFileSync(join(folder, 'format'), 'utf8')).toBe('coatcheck 1\n');
    },
  );

  test('that is empty beside files of somebody else’s is not', async () => {
    const folder = newFolder();
    await openFiles({ folder });
    writeFileSync(join(folder, 'format'), '');
    writeFileSync(join(folder, 'notes.txt'), '');
    await expect(openFiles({ folder })).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
  });

  test('is on the disk before the store opens', async () => {
    const folder = newFolder();
    system.synced = [];
    await openFiles({ folder });
    expect(system.synced[0]).toMatch(/\/format\.[0-9a-f-]{36}$/);
    expect(system.synced.slice(1)).toContain(folder);
  });
});

test('with fsync the names of folders that a record needed are on the disk too', async () => {
  const folder = newFolder();
  const store = await openFiles({ folder, fsync: true });
  system.synced = [];
  await store.create(KEY, 'x', LATER);
  expect(system.synced).toContain(join(folder, 'records'));
  expect(system.synced).toContain(join(folder, 'documents'));
  system.synced = [];
  await store.create(`a1${'0'.repeat(62)}`, 'x', LATER);
  expect(system.synced).not.toContain(join(folder, 'records'));
});
