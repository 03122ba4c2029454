import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openFiles } from '../../src/store/file.ts';
import { labelName, readLabel } from '../../src/store/file-label.ts';
import { failing, mend, system } from './file-system.ts';

vi.mock('node:fs/promises', async (original) => (await import('./file-system.ts')).watched(await original()));

afterEach(mend);

const KEY = 'a1'.repeat(32);
const OTHER = 'a2'.repeat(32);
const LAST = 'ff'.repeat(32);
const ANN = 'b2'.repeat(32);
const BOB = 'b3'.repeat(32);
const LATER = 4_000_000_000_123;

const scratch = mkdtempSync(join(tmpdir(), 'coatcheck-hostile-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(scratch, `${folders++}`);
const recordOf = (folder: string, key: string): string => join(folder, 'records', key.slice(0, 2), key);
const labelOf = (folder: string, key: string): string => readdirSync(recordOf(folder, key))[0] ?? '';
const thrownBy = (act: Promise<unknown> | undefined): Promise<unknown> | undefined =>
  act?.then(
    () => undefined,
    (error: unknown) => error,
  );
const root = process.getuid?.() === 0;
const NOBODY = 65_534;

describe('a place that cannot be read', () => {
  const breaks: Readonly<Record<string, (folder: string) => void>> = {
    'a record of which the disk fails': (folder) => {
      system.before = failing('EIO', (_call, path) => path.startsWith(recordOf(folder, KEY)));
    },
    'a record that may not be read': (folder) => {
      system.before = failing('EACCES', (_call, path) => path.startsWith(recordOf(folder, KEY)));
    },
    'a file in place of a folder of records': (folder) => {
      rmSync(join(folder, 'records', 'a1'), { recursive: true });
      writeFileSync(join(folder, 'records', 'a1'), 'x');
    },
    'a file in place of a folder of documents': (folder) => {
      rmSync(recordOf(folder, KEY), { recursive: true });
      rmSync(join(folder, 'documents', 'a1'), { recursive: true });
      writeFileSync(join(folder, 'documents', 'a1'), 'x');
    },
    'a file in place of a folder of owners': (folder) => {
      rmSync(recordOf(folder, KEY), { recursive: true });
      writeFileSync(join(folder, 'owners', 'a1'), 'x');
    },
    'an owner that may not be read': (folder) => {
      rmSync(recordOf(folder, KEY), { recursive: true });
      system.before = failing('EACCES', (_call, path) => path.includes('/owners/b2/'));
    },
    'leftovers that may not be removed': (folder) => {
      rmSync(recordOf(folder, KEY), { recursive: true });
      mkdirSync(join(folder, 'new', 'swept-x'));
      system.before = failing('EACCES', (_call, path) => path.includes('swept-x'));
    },
  };

  test.each(Object.entries(breaks))('%s stops neither sweep nor scan', async (_what, damage) => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', 1000);
    await store.create(OTHER, 'x', 1000);
    await store.create(LAST, 'x', 1000, { name: ANN, until: 1000 });
    await store.create('05'.repeat(32), 'x', LATER);
    damage(folder);
    expect((await store.scan?.(undefined, 10))?.entries.map(({ key }) => key)).toEqual(['05'.repeat(32), OTHER, LAST]);
    expect(await store.sweep?.(2000, 10)).toBe(2);
    expect((await store.scan?.(undefined, 10))?.entries.map(({ key }) => key)).toEqual(['05'.repeat(32)]);
    // Said where nothing else went, and the next sweep begins where this one would have gone on.
    expect(await thrownBy(store.sweep?.(2000, 10))).toMatchObject({ code: 'STORE_FAILED' });
    await store.create(LAST, 'x', 1000);
    expect(await store.sweep?.(2000, 10)).toBe(1);
  });

  test.skipIf(!root)('a record of mode 000 stops neither sweep nor scan', async () => {
    const folder = newFolder();
    chmodSync(scratch, 0o755);
    mkdirSync(folder, { mode: 0o700 });
    chownSync(folder, NOBODY, NOBODY);
    process.seteuid?.(NOBODY);
    onTestFinished(() => void process.seteuid?.(0));
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', 1000);
    await store.create(OTHER, 'x', 1000);
    chmodSync(recordOf(folder, KEY), 0);
    expect((await store.scan?.(undefined, 10))?.entries.map(({ key }) => key)).toEqual([OTHER]);
    expect(await store.sweep?.(2000, 10)).toBe(1);
    expect(await thrownBy(store.scan?.(undefined, 10))).toMatchObject({ code: 'STORE_FAILED' });
    chmodSync(recordOf(folder, KEY), 0o700);
    expect(await store.sweep?.(2000, 10)).toBe(1);
  });

  test('on the last page of a scan does not spoil the pages before', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER);
    await store.create(LAST, 'x', LATER);
    system.before = failing('EIO', (_call, path) => path.startsWith(recordOf(folder, LAST)));
    const { cursor } = (await store.scan?.(undefined, 1)) ?? {};
    expect(await store.scan?.(cursor, 1)).toEqual({ entries: [], cursor: undefined });
  });

  test('is told where nothing can be read at all', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER);
    const { cursor } = (await store.scan?.(undefined, 1)) ?? {};
    system.before = failing('EIO', (_call, path) => /records\/..|documents|owners/.test(path));
    expect(await thrownBy(store.scan?.(undefined, 10))).toMatchObject({ code: 'STORE_FAILED' });
    expect(await thrownBy(store.scan?.(cursor, 10))).toMatchObject({ code: 'STORE_FAILED' });
    expect(await thrownBy(store.sweep?.(2000, 10))).toMatchObject({ code: 'STORE_FAILED' });
  });
});

describe('a label', () => {
  const id = crypto.randomUUID();

  test.each([
    `${id}_0_1763760435123.0_t1`,
    `${id}_007_1763760435123_t1`,
    `${id}_0_1.2.3_t1`,
    `${id}_0_1763760435123_t01`,
    `${id}_0_1e5_t1`,
    `${id}_0_${'9'.repeat(400)}_t1`,
    `${id}_0_5_t1_1.0_${'a'.repeat(8)}_${ANN}`,
  ])('%s is none: no coatcheck would write it so', (name) => {
    expect(readLabel(name)).toBeUndefined();
  });

  test.each([0, -0, 1.5, 1e300, -7, LATER])('with the time %s is read as it was written', (expiresAt) => {
    const name = labelName({ id, count: 3, expiresAt, isText: true, size: 4, owner: undefined });
    expect(readLabel(name)).toMatchObject({ count: 3, expiresAt: expiresAt + 0, size: 4 });
  });

  test('that is none is a foreign record, which every verb answers', { timeout: 5000 }, async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    mkdirSync(recordOf(folder, KEY), { recursive: true });
    writeFileSync(join(recordOf(folder, KEY), `${id}_0_1763760435123.0_t1`), '');
    for (const call of [
      () => store.read(KEY),
      () => store.update(KEY, `${id}_0`, 'y', LATER),
      () => store.touch(KEY, `${id}_0`, LATER),
      () => store.destroy(KEY),
      () => store.put(KEY, 'y', LATER),
    ]) {
      expect(await thrownBy(call())).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
    }
    expect(await store.sweep?.(LATER, 10)).toBe(0);
  });

  const changes: Readonly<Record<string, (store: Store, version: string) => Promise<unknown>>> = {
    update: (store, version) => store.update(KEY, version, 'y', LATER + 1),
    touch: (store, version) => store.touch(KEY, version, LATER + 1),
    destroy: (store) => store.destroy(KEY),
    put: (store) => store.put(KEY, 'y', LATER),
  };

  test.each(Object.entries(changes))(
    'that is seen and never found does not hold %s up for ever',
    { timeout: 20_000 },
    async (_verb, change) => {
      const folder = newFolder();
      const store = await openFiles({ folder });
      await store.create(KEY, 'x', LATER);
      const version = String((await store.read(KEY))?.version);
      let calls = 0;
      system.before = (call, path) => {
        if (++calls > 20_000) throw new Error('it goes on for ever');
        failing('ENOENT', () => /^(rename|unlink)$/.test(call) && path.includes('/records/'))(call, path);
      };
      expect(await thrownBy(change(store, version))).toMatchObject({
        code: 'STORE_FAILED',
        outcome: 'none',
        retryable: true,
        message: expect.stringContaining('again and again'),
      });
      system.before = undefined;
      expect((await store.read(KEY))?.document).toBe('x');
      expect(readdirSync(join(folder, 'documents', 'a1'))).toHaveLength(1);
    },
  );
});

describe('a record whose document is not whole', () => {
  test.each([0, 2])('(%s bytes of it) is written over by who has its version, and in nobody’s way', async (length) => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    const damage = async (): Promise<string> => {
      await store.create(KEY, 'document', 1000);
      const version = String((await store.read(KEY))?.version);
      const shard = join(folder, 'documents', 'a1');
      truncateSync(join(shard, readdirSync(shard)[0] ?? ''), length);
      return version;
    };
    const version = await damage();
    expect(await thrownBy(store.read(KEY))).toMatchObject({ code: 'STORE_FAILED', message: /File store, read: / });
    expect(await store.create(KEY, 'other', LATER)).toEqual({ result: 'exists', current: undefined });
    expect(await store.update(KEY, 'another', 'other', LATER)).toEqual({ result: 'conflict', current: undefined });
    expect(await store.touch(KEY, version, 1500)).toBe(true);
    expect(await store.update(KEY, version, 'whole', LATER)).toMatchObject({ result: 'ok' });
    expect((await store.read(KEY))?.document).toBe('whole');
    await store.destroy(KEY);
    await damage();
    await store.put(KEY, 'whole', LATER);
    expect((await store.read(KEY))?.document).toBe('whole');
    await store.destroy(KEY);
    await damage();
    expect(await store.sweep?.(2000, 10)).toBe(1);
    expect(await store.create(KEY, 'whole', LATER)).toMatchObject({ result: 'ok' });
  });
});

describe('the entries of owners', () => {
  const entriesOf = (folder: string, owner: string): string[] => {
    const path = join(folder, 'owners', owner.slice(0, 2), owner);
    return existsSync(path) ? readdirSync(path) : [];
  };

  test('are one for a record, however often it is put', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    for (let at = 0; at < 20; at++) await store.put(KEY, 'x', LATER, { name: ANN, until: LATER });
    expect(entriesOf(folder, ANN)).toHaveLength(1);
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
    await store.put(KEY, 'x', LATER, { name: BOB, until: LATER });
    expect([entriesOf(folder, ANN).length, entriesOf(folder, BOB).length]).toEqual([0, 1]);
    await store.put(KEY, 'x', LATER);
    expect(entriesOf(folder, BOB)).toEqual([]);
  });

  test('stay while their record lives, however long that is extended', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', 2000, { name: ANN, until: 2000 });
    const version = (await store.read(KEY))?.version ?? '';
    expect(await store.update(KEY, version, 'y', 9000)).toMatchObject({ result: 'ok' });
    await store.sweep?.(3000, 10);
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
    // A later record under the same key is no reason to keep the entry of the one before.
    rmSync(recordOf(folder, KEY), { recursive: true });
    await store.create(KEY, 'z', 9000, { name: ANN, until: 9000 });
    await store.sweep?.(3000, 10);
    expect(entriesOf(folder, ANN)).toEqual([expect.stringMatching(/^9000_/)]);
    expect(await store.sweep?.(9000, 10)).toBe(1);
    expect(entriesOf(folder, ANN)).toEqual([]);
  });
});

test('a record whose name the file system loses from sight twice is found all the same', async () => {
  const folder = newFolder();
  const store = await openFiles({ folder });
  await store.create(KEY, 'x', LATER);
  const name = labelOf(folder, KEY);
  let looks = 0;
  system.before = (call, path) => {
    if (call !== 'readdir' && call !== 'rmdir') return;
    if (path !== recordOf(folder, KEY)) return;
    // Out of sight for the two looks; it is there when the system is asked to remove the folder.
    if (call === 'rmdir') writeFileSync(join(path, name), '');
    else if (looks++ < 2) rmSync(join(path, name), { force: true });
  };
  expect((await store.read(KEY))?.document).toBe('x');
  expect(looks).toBeGreaterThan(2);
});

describe('a creation', () => {
  test('of which a part of the store went away says so, and not that the sweep came', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    let act = (): void => rmSync(join(folder, 'records'), { recursive: true });
    const hooked = (call: string, path: string): void => {
      if (call === 'rename' && path.startsWith(join(folder, 'new'))) act();
      act = call === 'rename' ? () => undefined : act;
    };
    system.before = hooked;
    const error = await thrownBy(store.create(KEY, 'x', LATER));
    expect(error).toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
      message: expect.stringContaining('went away'),
    });
    expect(readdirSync(join(folder, 'new'))).toEqual([]);
    act = () => rmSync(folder, { recursive: true });
    mkdirSync(join(folder, 'records'));
    const gone = await thrownBy(store.create(KEY, 'x', LATER));
    expect(gone).toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
      message: expect.stringContaining('went away'),
    });
    expect(dirname(folder)).toBe(scratch);
    expect(existsSync(folder)).toBe(false);
  });

  test('that was swept away says that', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    system.before = (call, path) => {
      if (call === 'rename' && path.startsWith(join(folder, 'new'))) rmSync(path, { recursive: true, force: true });
    };
    const error = await thrownBy(store.create(KEY, 'x', LATER));
    expect(error).toMatchObject({ code: 'STORE_FAILED', message: expect.stringContaining('sweep'), retryable: true });
  });
});
