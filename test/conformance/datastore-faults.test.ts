import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { freePort } from '../support/servers/child.ts';
import { type DatastoreServer, datastoreMissing, PROJECT, startDatastore } from '../support/servers/datastore.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, count, fleet, refusal, until } from './app.ts';
import { Witness } from './dead-store.ts';

const { start } = fleet();

/** An emulator that is killed forgets what it held. */
const KEPT = false;

describe.skipIf(datastoreMissing !== undefined)(called('faults of Datastore', datastoreMissing), () => {
  let datastore: DatastoreServer;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    datastore = await startDatastore();
    app = await start({ ADAPTER: 'express', SESSION_URI: datastore.url('sessions') });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await datastore.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await datastore.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await datastore.restart();
    await witness.recovered(KEPT);
  });

  test('one that was killed between two requests is used as before when it is back', async () => {
    await datastore.kill();
    await datastore.restart();
    await witness.recovered(KEPT);
  });

  test('one that is away for ten seconds is found again as soon', { timeout: 60_000 }, async () => {
    await datastore.kill();
    const end = performance.now() + 10_000;
    while (performance.now() < end) await witness.refused(witness.write, 'none');
    await datastore.restart();
    await witness.recovered(KEPT);
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    datastore.pause();
    onTestFinished(() => datastore.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    datastore.resume();
    await witness.recovered();
  });

  test('a write that stops on its way is a 503 in time, and is stored or not when it is back', async () => {
    const { visitor } = witness;
    const loaded = count(app, 'loaded');
    const slow = visitor.get('/slow?ms=300&k=late&v=1');
    await until(() => count(app, 'loaded') > loaded);
    datastore.pause();
    onTestFinished(() => datastore.resume());
    const { status, json, setCookie } = await slow;
    expect([status, json.error.code, setCookie]).toEqual([503, 'STORE_TIMEOUT', []]);
    datastore.resume();
    await witness.recovered();
    expect([null, '1']).toContain((await visitor.get('/get?k=late')).json.value);
  });
});

describe.skipIf(datastoreMissing !== undefined)(called('Datastore at the start', datastoreMissing), () => {
  test('one that is not there ends the reference application with a message', async () => {
    const uri = `datastore://${PROJECT}/sessions?endpoint=http://127.0.0.1:${await freePort()}`;
    const { status, stderr } = await refusal({ SESSION_URI: uri });
    expect([status, stderr]).toEqual([1, expect.stringContaining('Datastore store, opening: ')]);
    expect(stderr).not.toContain('    at ');
  });

  test('one that comes after the application is found by the next request', async () => {
    const port = await freePort();
    const uri = `datastore://${PROJECT}/sessions?endpoint=http://127.0.0.1:${port}`;
    const sessions = createSessions({ store: () => storeFromUrl(uri) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const datastore = await startDatastore({ port });
    onTestFinished(() => datastore.stop());
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
