import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';

const root = process.getuid?.() === 0;
const NOBODY = 65_534;

const scratch = mkdtempSync(join(tmpdir(), 'coatcheck-trust-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(scratch, `${folders++}`);

describe('a folder that others may write into', () => {
  test.each([0o770, 0o707, 0o777])('(mode %o) is refused, with what to do', async (mode) => {
    const [itself, folder] = [newFolder(), newFolder()];
    mkdirSync(itself);
    chmodSync(itself, mode);
    await openFiles({ folder });
    chmodSync(join(folder, 'records'), mode);
    for (const path of [itself, folder]) {
      await expect(openFiles({ folder: path })).rejects.toMatchObject({
        code: 'STORE_FAILED',
        outcome: 'none',
        retryable: false,
        message: expect.stringMatching(/chmod go-w/),
      });
    }
    expect(readdirSync(itself)).toEqual([]);
  });

  test.skipIf(!root)('because it is theirs is refused, and not even root takes it', async () => {
    const [itself, folder] = [newFolder(), newFolder()];
    mkdirSync(itself);
    chownSync(itself, NOBODY, NOBODY);
    await openFiles({ folder });
    chownSync(join(folder, 'documents'), NOBODY, NOBODY);
    for (const path of [itself, folder]) {
      await expect(openFiles({ folder: path })).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringMatching(/chown/),
      });
    }
    expect(readdirSync(itself)).toEqual([]);
  });

  test('because one of its own is a link is refused', async () => {
    const folder = newFolder();
    await openFiles({ folder });
    const elsewhere = newFolder();
    mkdirSync(elsewhere);
    rmSync(join(folder, 'owners'), { recursive: true });
    symlinkSync(elsewhere, join(folder, 'owners'));
    await expect(openFiles({ folder })).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
  });

  test('is no matter where the process made it, whatever the umask', async () => {
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const folder = newFolder();
    await openFiles({ folder });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await openFiles({ folder });
  });
});
