import { mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { called } from '../support/redis.ts';
import { type Disk, diskMissing, startDisk } from '../support/servers/disk.ts';
import { Browser } from '../support/visit.ts';
import { type Env, fleet, refusal } from './app.ts';
import { DEADLINE, Witness } from './dead-store.ts';
import { testFaults } from './faults.ts';
import type { Scene } from './faults-row.ts';
import { type Told, Visitor } from './visitor.ts';

const { start, folder: scratch } = fleet();

const noFreezer = diskMissing('ext4');

interface Standing {
  readonly env: Env;
  readonly disk: Disk;
  readonly here: string;
  /** Where somebody takes it. */
  readonly away: string;
  stop(): void;
}

async function startStanding(): Promise<Standing> {
  const disk = startDisk('tmpfs');
  const here = join(disk.folder, 'sessions');
  return { env: { SESSION_URI: `file:${here}` }, disk, here, away: join(disk.folder, 'away'), stop: disk.stop };
}

/** The folder of a record, which has its label in it. */
const recordIn = ({ here }: Standing, key: string): string => join(here, 'records', key.slice(0, 2), key);

const IN_PROCESS = 'there is no server and no wire';

testFaults<Standing>(
  'a disk with files',
  {
    store: 'File',
    missing: diskMissing('tmpfs'),
    start: startStanding,
    absent: 'a folder that is missing is made, where there is one to make it in: see below',
    strangers: 'see those of files at the start below',
    killed: { begin: ({ here, away }) => renameSync(here, away), end: ({ here, away }) => renameSync(away, here) },
    keeps: true,
    silent: 'see a disk that stands still below',
    slow: 'see a disk that stands still below; none can be made slow',
    lossy: IN_PROCESS,
    full: {
      what: 'is full',
      refuses: 'writes',
      begin: ({ disk }) => disk.fill(),
      end: ({ disk }) => disk.drain(),
      says: /full: make room/,
    },
    readOnly: {
      what: 'only reads',
      refuses: 'writes',
      begin: ({ disk }) => disk.readOnly(true),
      end: ({ disk }) => disk.readOnly(false),
      says: /the file system is read-only/,
    },
    withdrawn: 'who may mount disks is root, who has every right',
    truncated: {
      what: 'was cut off',
      begin({ here }, key) {
        const folder = join(here, 'documents', key.slice(0, 2));
        for (const name of readdirSync(folder)) if (name.startsWith(key)) truncateSync(join(folder, name), 20);
      },
      leaves: /the record is damaged/,
    },
    foreign: {
      what: 'somebody else wrote',
      begin(standing, key) {
        const record = recordIn(standing, key);
        rmSync(record, { recursive: true });
        writeFileSync(record, 'thing');
      },
      leaves: /no record of coatcheck/,
    },
    remove: (standing, key) => rmSync(recordIn(standing, key), { recursive: true, force: true }),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  test('one that becomes full in the middle of many writes keeps each that was answered', async () => {
    const { witness, standing } = scene;
    const { visitor } = witness;
    const answers: Told[] = [];
    const size = 30_000;
    for (let at = 0; at < 40; at++) {
      answers.push(await visitor.post('/set', { k: `k${at % 2}`, v: `${at} ${'x'.repeat(size)}` }));
      if (at === 15) standing.disk.fill();
    }
    const last = [...answers.keys()].filter((at) => answers[at]?.status === 200).at(-1) ?? 0;
    expect(answers.some(({ status }) => status === 503)).toBe(true);
    const { value } = (await visitor.get(`/get?k=k${last % 2}`)).json;
    expect(value).toBe(`${last} ${'x'.repeat(size)}`);
    standing.disk.drain();
    await witness.recovered();
  });

  test('one that is taken away and leaves its empty folder behind is not written into', async () => {
    const { witness, standing } = scene;
    const { here, away } = standing;
    renameSync(here, away);
    mkdirSync(here);
    await witness.refused(witness.read, { outcome: 'none' });
    await witness.comesAndGoes();
    // Only goes if it is empty.
    rmdirSync(here);
    renameSync(away, here);
    await witness.recovered();
  });
}

describe.skipIf(noFreezer !== undefined)(called('a disk that stands still', noFreezer), () => {
  test('holds nobody up for longer than the deadline, and then is believed dead until it goes on', {
    timeout: 60_000,
  }, async () => {
    const disk = startDisk('ext4');
    onTestFinished(() => disk.stop());
    const app = await start({ ADAPTER: 'node', SESSION_URI: `file:${join(disk.folder, 'sessions')}` });
    onTestFinished(() => void app.stop());
    onTestFinished(() => disk.thaw());
    const witness = new Witness(app, 'File');
    await witness.arrive();
    disk.freeze();
    await witness.refused(witness.write, { outcome: 'unknown' });
    // One record after another has its writer; who reads is served while Node has a thread for it.
    expect((await witness.read()).json).toEqual({ value: 1 });
    // More than there are; whatever else wants a file must now wait with them.
    const begun = performance.now();
    const strangers = Array.from({ length: 10 }, () => new Visitor(app.port).post('/set', { k: 'a', v: 1 }));
    const answers = await Promise.all(strangers);
    expect(performance.now() - begun).toBeLessThan(2 * DEADLINE);
    expect(answers.map(({ status, setCookie }) => [status, setCookie])).toEqual(answers.map(() => [503, []]));
    await expect.poll(async () => (await witness.read()).json.error?.code, { timeout: 10_000 }).toBe('STORE_DOWN');
    const again = performance.now();
    expect((await witness.read()).json.error).toMatchObject({ code: 'STORE_DOWN', outcome: 'none' });
    expect((await witness.visitor.get('/public')).json).toEqual({ ok: true });
    expect(performance.now() - again).toBeLessThan(DEADLINE / 2);
    disk.thaw();
    await witness.recovered();
  });
});

describe('files at the start', () => {
  const said = async (path: string): Promise<string> => {
    const { status, stderr } = await refusal({ SESSION_URI: `file:${path}` });
    expect(status).toBe(1);
    expect(stderr).not.toContain('    at ');
    return stderr;
  };

  test.concurrent.each([
    ['a folder in one that is missing', (path: string) => join(path, 'no', 'such'), /there is no folder/],
    ['a file', (path: string) => join(path, 'file'), /is no folder/],
    ['a folder of somebody else’s', (path: string) => path, /not empty.*of its own/],
    ['a path that is an address', () => '//server/sessions', /needs a path/],
  ])('%s ends the reference application with a message', async (name, at, message) => {
    const path = join(scratch, name.replaceAll(/\W/g, '-'));
    mkdirSync(path);
    writeFileSync(join(path, 'file'), 'x');
    expect(await said(at(path))).toMatch(message);
  });

  test('a folder that comes after the application is found by the next request', async () => {
    const path = join(scratch, 'later');
    const sessions = createSessions({ store: () => storeFromUrl(`file:${join(path, 'sessions')}`) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    expect(await visit()).toMatchObject({ setCookie: [], error: { code: 'STORE_URL_INVALID' } });
    mkdirSync(path);
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
