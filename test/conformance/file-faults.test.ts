import { mkdirSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { called } from '../support/redis.ts';
import { type Disk, diskMissing, startDisk } from '../support/servers/disk.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { DEADLINE, Witness } from './dead-store.ts';
import { type Told, Visitor } from './visitor.ts';

const { start, folder: scratch } = fleet();

const noSmallDisk = diskMissing('tmpfs');
const noFreezer = diskMissing('ext4');

describe.skipIf(noSmallDisk !== undefined)(called('faults of a disk with files', noSmallDisk), () => {
  let disk: Disk;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    disk = startDisk('tmpfs');
    app = await start({ ADAPTER: 'express', SESSION_URI: `file:${join(disk.folder, 'sessions')}` });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    disk.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  test('a full one refuses writes at once, writes nothing by halves, and is read as before', async () => {
    disk.fill();
    await witness.refused(witness.write, 'none', 500);
    expect((await witness.read()).json).toEqual({ value: 1 });
    expect((await witness.visitor.get('/get?k=n')).json).toEqual({ value: 1 });
    await witness.comesAndGoes();
    disk.drain();
    await witness.recovered();
    expect((await witness.visitor.get('/get?k=n')).json).toEqual({ value: 2 });
  });

  test('one that becomes full in the middle of many writes keeps each that was answered', async () => {
    const { visitor } = witness;
    const answers: Told[] = [];
    const size = 30_000;
    for (let at = 0; at < 40; at++) {
      answers.push(await visitor.post('/set', { k: `k${at % 2}`, v: `${at} ${'x'.repeat(size)}` }));
      if (at === 15) disk.fill();
    }
    const last = [...answers.keys()].filter((at) => answers[at]?.status === 200).at(-1) ?? 0;
    expect(answers.some(({ status }) => status === 503)).toBe(true);
    const { value } = (await visitor.get(`/get?k=k${last % 2}`)).json;
    expect(value).toBe(`${last} ${'x'.repeat(size)}`);
    disk.drain();
    await witness.recovered();
  });

  test('one that becomes read-only refuses writes at once, and is read as before', async () => {
    disk.readOnly(true);
    await witness.refused(witness.write, 'none', 500);
    expect((await witness.read()).json).toEqual({ value: 1 });
    await witness.comesAndGoes();
    disk.readOnly(false);
    await witness.recovered();
  });

  test('one that is taken away is a dead store, and no visitor without a session', async () => {
    const [here, away] = [join(disk.folder, 'sessions'), join(disk.folder, 'away')];
    renameSync(here, away);
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    renameSync(away, here);
    await witness.recovered();
  });

  test('one that is taken away and leaves its empty folder behind is not written into', async () => {
    const [here, away] = [join(disk.folder, 'sessions'), join(disk.folder, 'away')];
    renameSync(here, away);
    mkdirSync(here);
    await witness.refused(witness.read, 'none');
    await witness.comesAndGoes();
    // Only goes if it is empty.
    rmdirSync(here);
    renameSync(away, here);
    await witness.recovered();
  });
});

describe.skipIf(noFreezer !== undefined)(called('a disk that stands still', noFreezer), () => {
  test('holds nobody up for longer than the deadline, and then is believed dead until it goes on', {
    timeout: 60_000,
  }, async () => {
    const disk = startDisk('ext4');
    onTestFinished(() => disk.stop());
    const app = await start({ ADAPTER: 'node', SESSION_URI: `file:${join(disk.folder, 'sessions')}` });
    onTestFinished(() => void app.stop());
    onTestFinished(() => disk.thaw());
    const witness = new Witness(app);
    await witness.arrive();
    disk.freeze();
    await witness.refused(witness.write, 'unknown', DEADLINE);
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
