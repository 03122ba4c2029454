import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { openFiles } from '../../src/store/file.ts';
import { storeFromUrl } from '../../src/url.ts';

const KEY = 'a1'.repeat(32);
const OTHER = `codes:${'a2'.repeat(32)}`;
const ANN = 'b2'.repeat(32);
const LATER = 4_000_000_000_123;

const scratch = mkdtempSync(join(tmpdir(), 'coatcheck-files-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folders = 0;
const newFolder = (): string => join(scratch, `${folders++}`);

const below = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort();
/** The path of a record's label. */
const labelOf = (folder: string, name: string): string => {
  const record = join(folder, 'records', /[0-9a-f]{64}/.exec(name)?.[0].slice(0, 2) ?? '', name);
  return join(record, readdirSync(record)[0] ?? '');
};
const documentOf = (folder: string, name: string): string => {
  const shard = join(folder, 'documents', /[0-9a-f]{64}/.exec(name)?.[0].slice(0, 2) ?? '');
  return join(shard, readdirSync(shard).find((file) => file.startsWith(name)) ?? '');
};

describe('a folder', () => {
  test('that is new is for its owner only, and so is all in it, whatever the umask', async () => {
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER, { name: ANN, until: LATER });
    await store.put(OTHER, 'y', LATER);
    for (const name of ['', ...below(folder)]) {
      const stat = statSync(join(folder, name));
      expect([name, stat.mode & 0o777]).toEqual([name, stat.isDirectory() ? 0o700 : 0o600]);
    }
    expect(below(folder).length).toBeGreaterThan(15);
  });

  test('has a file a document, a label a record, an entry an owner, and no other names than of hashes', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, '{"a":1}', LATER, { name: ANN, until: LATER + 1 });
    await store.put(OTHER, Uint8Array.of(1, 2, 3), 1.5e300);
    const [first, second] = [labelOf(folder, KEY), labelOf(folder, OTHER.replace(':', '.'))];
    expect(first).toMatch(
      new RegExp(`/records/a1/${KEY}/[0-9a-f-]{36}_0_${LATER}_t7_${LATER + 1}_[0-9a-f]{8}_${ANN}$`),
    );
    expect(second).toMatch(new RegExp(`/records/a2/codes\\.${'a2'.repeat(32)}/[0-9a-f-]{36}_0_1\\.5e\\+300_b3$`));
    expect(readFileSync(documentOf(folder, KEY), 'utf8')).toBe('{"a":1}');
    expect(readFileSync(join(folder, 'format'), 'utf8')).toBe('coatcheck 1\n');
    expect(below(join(folder, 'owners')).at(-1)).toMatch(new RegExp(`^b2/${ANN}/${LATER + 1}_${KEY}_[0-9a-f]{8}$`));
    expect((await store.read(OTHER))?.expiresAt).toBe(1.5e300);
    await store.destroy(KEY, ANN);
    await store.destroy(OTHER);
    expect(below(folder).filter((name) => statSync(join(folder, name)).isFile())).toEqual(['format']);
  });

  test('is made, used again, and used by many at once', async () => {
    const folder = newFolder();
    const stores = await Promise.all(Array.from({ length: 20 }, () => openFiles({ folder })));
    await stores[0]?.create(KEY, 'x', LATER);
    for (const store of stores) expect((await store.read(KEY))?.document).toBe('x');
    const again = await storeFromUrl(`file:${folder}`);
    expect((await again.read(KEY))?.document).toBe('x');
    expect(readdirSync(folder).sort()).toEqual(['documents', 'format', 'new', 'owners', 'records']);
  });

  test('is the one that it was at the start, wherever the process goes', async () => {
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(scratch);
    const store = await openFiles({ folder: './here' });
    process.chdir(before);
    await store.create(KEY, 'x', LATER);
    expect(existsSync(labelOf(join(scratch, 'here'), KEY))).toBe(true);
  });

  test.each([
    ['nothing in it', () => undefined],
    ['what every disk has', (folder: string) => mkdirSync(join(folder, 'lost+found'))],
    ['hidden files', (folder: string) => writeFileSync(join(folder, '.gitignore'), '*')],
    ['what a killed process left', (folder: string) => writeFileSync(join(folder, 'format.0'), '')],
  ])('with %s is taken', async (_what, prepare) => {
    const folder = newFolder();
    mkdirSync(folder);
    prepare(folder);
    await (await openFiles({ folder })).create(KEY, 'x', LATER);
  });

  test.each([
    ['other files', 'notes.txt', 'x'],
    ['somebody else’s format', 'format', 'gif89'],
    ['an empty format', 'format', ''],
  ])('with %s is refused, and left alone', async (_what, name, text) => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, name), text);
    await expect(openFiles({ folder })).rejects.toMatchObject({
      code: 'STORE_URL_INVALID',
      message: expect.stringContaining(folder),
    });
    expect(below(folder)).toEqual([name]);
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  });

  test('of a newer coatcheck is refused', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    writeFileSync(join(folder, 'format'), 'coatcheck 2\n');
    await expect(openFiles({ folder })).rejects.toThrow(/newer coatcheck/);
  });

  test('in one that is missing is refused with that one named', async () => {
    const folder = join(newFolder(), 'sub');
    await expect(openFiles({ folder })).rejects.toMatchObject({
      code: 'STORE_URL_INVALID',
      message: expect.stringContaining(dirname(folder)),
    });
  });

  test('that is a file is refused', async () => {
    const folder = newFolder();
    writeFileSync(folder, 'x');
    await expect(openFiles({ folder })).rejects.toThrow(/is no folder/);
  });

  test.each(['', 'https://x/hunter2', 'file:hunter2', 'a\0hunter2'])(
    '%j is refused, and not repeated',
    async (folder) => {
      const error = await openFiles({ folder }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_URL_INVALID' });
      expect(String(error)).not.toContain('hunter2');
    },
  );

  test.each([undefined, null, 5, {}])('%j is none', async (folder) => {
    await expect(openFiles({ folder: folder as unknown as string })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test('with fsync that is no switch is refused', async () => {
    const options = { folder: newFolder(), fsync: 'yes' as unknown as boolean };
    await expect(openFiles(options)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  test.each(['file:', 'file://host/sessions', 'file://./sessions'])('%s is no URL of one', async (url) => {
    await expect(storeFromUrl(url)).rejects.toMatchObject({ code: 'STORE_URL_INVALID' });
  });
});

describe('a process without the right to write', () => {
  const nobody = process.getuid?.() === 0 ? 65_534 : undefined;

  test.skipIf(nobody === undefined)('is told so at the start, and later by each verb, without a key', async () => {
    const folder = newFolder();
    chmodSync(scratch, 0o755);
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER);
    // Of root's own, and for root only: whoever else comes may not even look.
    process.seteuid?.(nobody ?? 0);
    onTestFinished(() => void process.seteuid?.(0));
    const failures = await Promise.all([
      openFiles({ folder }).catch((thrown: unknown) => thrown),
      store.read(KEY).catch((thrown: unknown) => thrown),
      store.create(OTHER, 'y', LATER).catch((thrown: unknown) => thrown),
      store.put(KEY, 'y', LATER).catch((thrown: unknown) => thrown),
      store.destroy(KEY).catch((thrown: unknown) => thrown),
      store.listOwned?.(ANN).catch((thrown: unknown) => thrown),
      store.sweep?.(LATER, 10).catch((thrown: unknown) => thrown),
      store.scan?.(undefined, 10).catch((thrown: unknown) => thrown),
    ]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
      expect(String(failure)).toMatch(/File store, .*give it the right to read and write/);
      const { cause } = failure as Error;
      expect(`${failure} ${cause} ${JSON.stringify(cause)}`).not.toContain('a1a1');
    }
    process.seteuid?.(0);
    expect((await store.read(KEY))?.document).toBe('x');
  });

  test.skipIf(nobody === undefined)('that may read is served all the same, and cannot write by halves', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER);
    const before = below(folder);
    for (const name of ['', ...before]) chmodSync(join(folder, name), statSync(join(folder, name)).mode | 0o055);
    process.seteuid?.(nobody ?? 0);
    onTestFinished(() => void process.seteuid?.(0));
    const record = await store.read(KEY);
    expect(record?.document).toBe('x');
    const version = record?.version ?? '';
    for (const write of [
      () => store.update(KEY, version, 'y', LATER),
      () => store.touch(KEY, version, LATER + 1),
      () => store.destroy(KEY),
      () => openFiles({ folder }),
    ]) {
      await expect(write()).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
    }
    process.seteuid?.(0);
    expect(below(folder)).toEqual(before);
  });
});

test('a limit on the size of files refuses the document that is beyond it, and keeps the one before', () => {
  const child = fileURLToPath(new URL('./file-limit-child.ts', import.meta.url));
  const script = 'ulimit -f 64; exec "$0" --import tsx "$1" "$2"';
  const folder = newFolder();
  const said = execFileSync('sh', ['-c', script, process.execPath, child, folder], { encoding: 'utf8' });
  expect(JSON.parse(said)).toEqual({
    code: 'STORE_FAILED',
    outcome: 'none',
    retryable: false,
    message: expect.stringMatching(/File store, put: .*ulimit/),
    document: 'small',
  });
  expect(readdirSync(join(folder, 'documents', 'aa'))).toHaveLength(1);
});

describe('what is no key or owner', () => {
  const hostile = [
    '',
    '../../x',
    `../${KEY}`,
    `${KEY}/..`,
    `a/b:${KEY}`,
    `..:${KEY}`,
    `${KEY}\0`,
    KEY.toUpperCase(),
    KEY.slice(1),
    `${KEY}0`,
    `Codes:${KEY}`,
    `a.b:${KEY}`,
    `${'a'.repeat(33)}:${KEY}`,
    `:${KEY}`,
    '__proto__',
  ];

  test.each(hostile)('%j becomes no path: every verb refuses it', async (name) => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    const before = below(scratch);
    const owner = { name, until: LATER };
    for (const call of [
      () => store.read(name),
      () => store.create(name, 'x', LATER),
      () => store.update(name, 'v', 'x', LATER),
      () => store.touch(name, 'v', LATER),
      () => store.destroy(name),
      () => store.put(name, 'x', LATER),
      () => store.forget?.(ANN, name),
      () => store.create(KEY, 'x', LATER, owner),
      () => store.put(KEY, 'x', LATER, owner),
      () => store.listOwned?.(name),
      () => store.forget?.(name, KEY),
      () => store.destroy(KEY, name),
    ]) {
      const error = await call()?.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none', retryable: false });
      if (name.length > 60) expect(String(error)).not.toContain(KEY);
    }
    expect(below(scratch)).toEqual(before);
  });

  test('a version is compared and nothing else', async () => {
    const store = await openFiles({ folder: newFolder() });
    await store.create(KEY, 'x', LATER);
    for (const version of ['', '../x', 7, '0_0']) {
      expect(await store.update(KEY, version, 'y', LATER)).toMatchObject({ result: 'conflict' });
      expect(await store.touch(KEY, version, LATER + 1)).toBe(false);
    }
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('a time of %s is refused', async (time) => {
    const store = await openFiles({ folder: newFolder() });
    await expect(store.create(KEY, 'x', time)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
    const owner = { name: ANN, until: time };
    await expect(store.put(KEY, 'x', LATER, owner)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
  });
});

describe('a damaged or foreign record', () => {
  const damages: Readonly<Record<string, (folder: string) => void>> = {
    'a document that was cut off': (folder) => truncateSync(documentOf(folder, KEY), 2),
    'a document of nothing, as after a power cut': (folder) => truncateSync(documentOf(folder, KEY), 0),
    'a document that grew': (folder) => writeFileSync(documentOf(folder, KEY), 'longer than it was'),
    'a document that is missing': (folder) => unlinkSync(documentOf(folder, KEY)),
    'a label that is somebody else’s file': (folder) => {
      const label = labelOf(folder, KEY);
      writeFileSync(join(dirname(label), 'notes.txt'), 'x');
      unlinkSync(label);
    },
    'a record that is a file': (folder) => {
      const label = labelOf(folder, KEY);
      rmSync(dirname(label), { recursive: true });
      writeFileSync(dirname(label), 'x');
    },
    'a record that is a link in a circle': (folder) => {
      const record = dirname(labelOf(folder, KEY));
      rmSync(record, { recursive: true });
      symlinkSync(record, record);
    },
  };

  test.each(Object.entries(damages))('%s is an error of that record and of no other', async (_what, damage) => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'secret document', LATER);
    await store.create(OTHER, 'whole', LATER);
    damage(folder);
    const error = await store.read(KEY).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
    expect(String(error)).toMatch(/File store, read: .*(damaged|no record of coatcheck)/);
    expect(`${error} ${(error as Error).cause}`).not.toMatch(/a1a1|secret/);
    expect((await store.read(OTHER))?.document).toBe('whole');
    const scanned = await store.scan?.(undefined, 10);
    expect(scanned?.entries.map(({ key }) => key)).toContain(OTHER);
    expect(await store.sweep?.(0, 10)).toBe(0);
    expect((await store.read(OTHER))?.document).toBe('whole');
  });

  test('whose document is damaged can be ended, written over, and expires', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    const damage = async () => {
      await store.create(KEY, 'document', 1000);
      truncateSync(documentOf(folder, KEY), 0);
    };
    await damage();
    expect(await store.destroy(KEY)).toBe(true);
    await damage();
    await store.put(KEY, 'whole', LATER);
    expect((await store.read(KEY))?.document).toBe('whole');
    await store.destroy(KEY);
    await damage();
    expect(await store.sweep?.(2000, 10)).toBe(1);
    expect(await store.read(KEY)).toBeUndefined();
  });

  test('which lies among others is stepped over by sweep and scan', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', 1000, { name: ANN, until: 1000 });
    for (const path of ['records/a1/notes', 'records/zz', 'documents/a1/notes', 'owners/b2/notes', 'owners/zz']) {
      writeFileSync(join(folder, path), 'x');
    }
    writeFileSync(join(folder, 'owners', 'b2', ANN, 'notes'), 'x');
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
    expect(await store.sweep?.(2000, 10)).toBe(1);
    expect(await store.scan?.(undefined, 10)).toEqual({ entries: [], cursor: undefined });
    expect(existsSync(join(folder, 'records/a1/notes'))).toBe(true);
    expect(existsSync(join(folder, 'owners', 'b2', ANN, 'notes'))).toBe(true);
  });
});

describe('the store', () => {
  test('that was closed says so, and its records stay', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER);
    await store.close?.();
    await store.close?.();
    await expect(store.read(KEY)).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: false });
    await expect(store.put(KEY, 'y', LATER)).rejects.toThrow(/put: the store was closed/);
    await expect(store.sweep?.(1, 1)).rejects.toThrow(/sweep: the store was closed/);
    expect((await (await openFiles({ folder })).read(KEY))?.document).toBe('x');
  });

  test('keeps what bytes were when it was called', async () => {
    const store = await openFiles({ folder: newFolder() });
    const bytes = Uint8Array.of(1, 2, 3);
    const creating = store.create(KEY, bytes, LATER);
    bytes.fill(9);
    const created = await creating;
    expect((await store.read(KEY))?.document).toEqual(Uint8Array.of(1, 2, 3));
    const next = Uint8Array.of(4, 5);
    const updating = store.update(KEY, created.result === 'ok' ? created.version : '', next, LATER);
    next.fill(9);
    await updating;
    expect((await store.read(KEY))?.document).toEqual(Uint8Array.of(4, 5));
  });

  test('takes a document of megabytes, and one of nothing', async () => {
    const store = await openFiles({ folder: newFolder() });
    const large = 'ä'.repeat(3_000_000);
    await store.put(KEY, large, LATER);
    expect((await store.read(KEY))?.document === large).toBe(true);
    await store.put(KEY, '', LATER);
    expect((await store.read(KEY))?.document).toBe('');
  });

  test('sweeps what is over of an owner whose records ended without it', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    await store.create(KEY, 'x', LATER, { name: ANN, until: 5000 });
    // Ended by somebody who was killed before the entry went.
    rmSync(dirname(labelOf(folder, KEY)), { recursive: true });
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
    await store.sweep?.(4999, 10);
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
    await store.sweep?.(5000, 10);
    expect(await store.listOwned?.(ANN)).toEqual([]);
    expect(readdirSync(join(folder, 'owners', 'b2'))).toEqual([]);
  });

  test('writes the entry of a record whose writer was killed before it did, when that is created again', async () => {
    const folder = newFolder();
    const store = await openFiles({ folder });
    const owner = { name: ANN, until: LATER };
    await store.create(KEY, 'x', LATER, owner);
    rmSync(join(folder, 'owners', 'b2'), { recursive: true });
    expect(await store.create(KEY, 'y', LATER, owner)).toMatchObject({ result: 'exists', current: { document: 'x' } });
    expect(await store.listOwned?.(ANN)).toEqual([KEY]);
  });

  test('sweeps no more than it may, and goes on where it stopped', async () => {
    const store = await openFiles({ folder: newFolder() });
    for (let at = 0; at < 30; at++) await store.create(`${at % 10}${at % 3}${1000 + at}`.padEnd(64, 'f'), 'x', 1000);
    const gone: (number | undefined)[] = [];
    for (let times = 0; times < 5; times++) gone.push(await store.sweep?.(1000, 7));
    expect(gone).toEqual([7, 7, 7, 7, 2]);
    expect(await store.scan?.(undefined, 10)).toEqual({ entries: [], cursor: undefined });
  });
});
