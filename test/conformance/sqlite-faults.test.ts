import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { openSqlite } from '../../src/store/sqlite.ts';
import type { SqliteDatabase } from '../../src/store/sqlite-driver.ts';
import { storeFromUrl } from '../../src/url.ts';
import { testDrivers } from '../store/drivers.ts';
import { type Disk, diskMissing, startDisk } from '../support/servers/disk.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import type { Env } from './app.ts';
import { testFaults } from './faults.ts';
import { ended } from './faults-absent.ts';
import { allowFiles, limitMissing } from './faults-process.ts';
import type { Refusal, Scene } from './faults-row.ts';

const driver = (await testDrivers()).find(({ missing }) => missing === undefined);
const noDisk = diskMissing('ext4');
/** The database, and what lies beside it in WAL mode. */
const ENDS = ['', '-wal', '-shm'];

interface Standing {
  readonly env: Env;
  readonly folder: string;
  readonly file: string;
  readonly disk: Disk | undefined;
  /** A connection of another process than the application's. */
  open(): SqliteDatabase;
  stop(): void;
}

async function start(): Promise<Standing> {
  const disk = noDisk === undefined ? startDisk('ext4') : undefined;
  const folder = join(disk?.folder ?? mkdtempSync(join(tmpdir(), 'coatcheck-sqlite-')), 'data');
  mkdirSync(folder);
  const file = join(folder, 'sessions.db');
  return {
    env: { SESSION_URI: `sqlite:${file}` },
    folder,
    file,
    disk,
    open: () => driver?.open(file) as SqliteDatabase,
    stop() {
      if (disk === undefined) rmSync(join(folder, '..'), { recursive: true });
      else disk.stop();
    },
  };
}

/** What somebody else says to the database. */
async function tell({ open }: Standing, sql: string): Promise<void> {
  const database = open();
  database.exec(`PRAGMA busy_timeout = 5000; ${sql}`);
  database.close();
}

/** The write lock. */
let lock: SqliteDatabase | undefined;
const hold = ({ open }: Standing): void => {
  lock = open();
  lock.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE');
};
const letGo = (): void => {
  lock?.exec('COMMIT');
  lock?.close();
  lock = undefined;
};

/** `ulimit -f`: the system lets the application write to no file. */
const limited: Refusal<Standing> = {
  what: 'lies where the system lets nothing be written',
  refuses: 'writes',
  // It is the COMMIT that fails.
  outcome: 'unknown',
  begin: () => allowFiles(applicationOf(), false),
  end: () => allowFiles(applicationOf(), true),
  says: /the disk failed: look at the disk and its file system/,
};
let applicationOf = (): number => 0;

const inFolder =
  (path: string) =>
  ({ folder }: Standing): string =>
    `sqlite:${join(folder, path)}`;

/** A copy of a database of ours that was cut off: what tables there are is still in it. */
async function cutOff({ folder }: Standing): Promise<string> {
  const [whole, file] = [join(folder, 'uncut.db'), join(folder, 'cut.db')];
  const database = driver?.open(whole) as SqliteDatabase;
  const store = await openSqlite({ database });
  for (let at = 0; at < 20; at++) await store.create(`${at}`.padStart(64, '0'), 'x'.repeat(1000), 4e12);
  database.close();
  copyFileSync(whole, file);
  truncateSync(file, 5000);
  return `sqlite:${file}`;
}

function foreignFile({ folder }: Standing): string {
  const file = join(folder, 'foreign.db');
  writeFileSync(file, 'x'.repeat(5000));
  return `sqlite:${file}`;
}

const SEE_BELOW = 'what is deleted under SQLite stays open: see below';
const IN_PROCESS = 'SQLite runs inside the application, with no server and no wire';

testFaults<Standing>(
  'SQLite',
  {
    store: 'SQLite',
    missing: driver === undefined ? 'there is no driver' : undefined,
    start,
    absent: SEE_BELOW,
    strangers: [
      ['a folder that is missing', inFolder('no/such.db'), /there is no folder/],
      ['a folder', inFolder('.'), /is no file/],
      ['a file of somebody else’s', foreignFile, /the file is no SQLite database/],
      ['a file that was cut off', cutOff, /the file is damaged/],
    ],
    killed: SEE_BELOW,
    keeps: true,
    silent: IN_PROCESS,
    slow: {
      async late(standing) {
        hold(standing);
        setTimeout(letGo, 400);
      },
      later: hold,
      end: letGo,
      outcome: 'none',
    },
    lossy: IN_PROCESS,
    full: noDisk ?? {
      what: 'is full',
      refuses: 'large',
      outcome: 'unknown',
      begin: ({ disk }) => disk?.fill(),
      end: ({ disk }) => disk?.drain(),
      says: /the disk or the database is full: make room/,
    },
    readOnly: limitMissing ?? limited,
    withdrawn: 'who has a file open keeps it whatever becomes of its mode, and root has every right',
    truncated: {
      what: 'was cut off',
      begin: (standing, key) =>
        tell(standing, `UPDATE coatcheck_sessions SET document = substr(document, 1, 20) WHERE key = '${key}'`),
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: (standing, key) =>
        tell(standing, `UPDATE coatcheck_sessions SET document = '{"some": "thing"}' WHERE key = '${key}'`),
      leaves: 'nobody',
    },
    remove: (standing, key) => tell(standing, `DELETE FROM coatcheck_sessions WHERE key = '${key}'`),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  beforeAll(() => {
    applicationOf = () => scene.app.pid;
  });

  test('a table that somebody drops is a 503 at once, and a new one is used without a restart', async () => {
    const { witness, standing } = scene;
    await tell(standing, 'DROP TABLE coatcheck_sessions');
    await witness.refused(witness.read, { outcome: 'none', within: 500 });
    await witness.refused(witness.write, { outcome: 'none', within: 500 });
    await (await openSqlite({ database: standing.file })).close?.();
    expect((await witness.write()).json).toEqual({ ok: true, value: 1 });
  });

  test('a file that is moved away is used where it is, and nothing is made in its place', async () => {
    const { witness, standing } = scene;
    const away = join(standing.folder, 'away.db');
    for (const end of ENDS) renameSync(standing.file + end, away + end);
    await witness.recovered();
    expect(existsSync(standing.file)).toBe(false);
    for (const end of ENDS) renameSync(away + end, standing.file + end);
    await witness.recovered();
  });

  test('a file that is deleted is used until the application ends, and a new one by the next', async () => {
    const { witness, standing } = scene;
    for (const end of ENDS) rmSync(standing.file + end);
    await witness.recovered();
    expect(existsSync(standing.file)).toBe(false);
    const next = await openSqlite({ database: standing.file });
    expect(await next.read(witness.key)).toBeUndefined();
    await next.close?.();
    await witness.recovered();
  });

  test.skipIf(noDisk !== undefined)(
    called('a disk that only reads ends the application with a message', noDisk),
    async () => {
      const disk = startDisk('tmpfs');
      onTestFinished(() => disk.stop());
      const [whole, file] = [join(scene.standing.folder, 'whole.db'), join(disk.folder, 'sessions.db')];
      await (await openSqlite({ database: whole })).close?.();
      // The driver may still have the one that was closed.
      copyFileSync(whole, file);
      disk.readOnly(true);
      await ended(scene.store, { SESSION_URI: `sqlite:${file}` }, /read-only|cannot be opened/);
    },
  );
}

test('a folder that comes after the application is found by the next request', async () => {
  const path = mkdtempSync(join(tmpdir(), 'coatcheck-sqlite-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  const sessions = createSessions({ store: () => storeFromUrl(`sqlite:${join(path, 'later', 'sessions.db')}`) });
  onTestFinished(() => sessions.close());
  const browser = new Browser(sessions);
  const visit = () => browser.visit((session) => session.set('a', 1));
  expect(await visit()).toMatchObject({ setCookie: [], error: { code: 'STORE_URL_INVALID' } });
  mkdirSync(join(path, 'later'));
  expect((await visit()).error).toBeUndefined();
  expect(await browser.read((session) => session.get('a'))).toBe(1);
});
