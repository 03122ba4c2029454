import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { storeFromUrl } from '../../src/url.ts';
import { startByteRelay } from '../support/servers/byte-relay.ts';
import { freePort } from '../support/servers/child.ts';
import { type Mongodb, mongodbMissing, startMongodb } from '../support/servers/mongodb.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { Witness } from './dead-store.ts';

const { start } = fleet();

describe.skipIf(mongodbMissing !== undefined)(called('faults of MongoDB', mongodbMissing), () => {
  let mongodb: Mongodb;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    mongodb = await startMongodb();
    app = await start({ ADAPTER: 'express', SESSION_URI: mongodb.url });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await mongodb.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await mongodb.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await mongodb.restart();
    await witness.recovered();
  });

  test('one that was killed between two requests is used as before when it is back', async () => {
    await mongodb.kill();
    await mongodb.restart();
    await witness.recovered();
  });

  test('one that is killed while requests are under way leaves each of them stored, refused or in doubt', async () => {
    const { visitor } = witness;
    const many = Array.from({ length: 20 }, () => visitor.post('/incr', { k: 'n' }));
    await many[0];
    await mongodb.kill();
    const answers = await Promise.all(many);
    await mongodb.restart();
    await witness.recovered();
    const stored = answers.filter(({ status }) => status === 200);
    for (const { status, setCookie } of answers) expect([[200, 503].includes(status), setCookie]).toEqual([true, []]);
    // Before them stood 1, and `recovered` added at least one.
    const { value } = (await visitor.get('/get?k=n')).json;
    expect(value).toBeGreaterThanOrEqual(stored.length + 2);
    expect((await visitor.post('/incr', { k: 'n' })).json.value).toBe(value + 1);
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    mongodb.pause();
    onTestFinished(() => mongodb.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    mongodb.resume();
    await witness.recovered();
  });

  test('one that answers nothing for longer than connections are kept is found again', async () => {
    mongodb.pause();
    onTestFinished(() => mongodb.resume());
    for (let times = 0; times < 4; times++) {
      await witness.refused(witness.read, 'none');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    mongodb.resume();
    await witness.recovered();
  });

  test('a write whose answer does not come is in doubt, and counts once', async () => {
    const relay = await startByteRelay(mongodb.port);
    onTestFinished(() => relay.stop());
    const lossy = await start({ ADAPTER: 'express', SESSION_URI: `mongodb://127.0.0.1:${relay.port}` });
    onTestFinished(() => void lossy.stop());
    const own = new Witness(lossy);
    await own.arrive();
    relay.swallow((answer) => answer.includes('nModified'));
    await own.refused(own.write, 'unknown');
    expect(relay.lost).toBeGreaterThan(0);
    relay.heal();
    const count = async (): Promise<unknown> => (await own.visitor.get('/get?k=n')).json.value;
    await expect.poll(count, { timeout: 5000 }).toBe(2);
    expect((await own.write()).json).toEqual({ ok: true, value: 3 });
  });
});

describe.skipIf(mongodbMissing !== undefined)(
  called('MongoDB at the start', mongodbMissing),
  { timeout: 60_000 },
  () => {
    test('one that is not there ends the reference application with a message', async () => {
      const { status, stderr } = await refusal({ SESSION_URI: `mongodb://ann:geheim@127.0.0.1:${await freePort()}` });
      expect([status, stderr]).toEqual([1, expect.stringContaining('MongoDB store, opening: there is no connection')]);
      expect(stderr).not.toMatch(/geheim| {4}at /);
    });

    test('one that does not let us in ends it with a message that does not repeat the password', async () => {
      const mongodb = await startMongodb();
      onTestFinished(() => mongodb.stop());
      const { status, stderr } = await refusal({ SESSION_URI: mongodb.url.replace('//', '//ann:geheim@') });
      expect([status, stderr]).toEqual([1, expect.stringMatching(/MongoDB store, opening: .*password/)]);
      expect(stderr).not.toMatch(/geheim| {4}at /);
    });

    test('one that comes after the application is found by the requests that follow', async () => {
      const port = await freePort();
      const sessions = createSessions({ store: () => storeFromUrl(`mongodb://127.0.0.1:${port}`) });
      onTestFinished(() => sessions.close());
      const browser = new Browser(sessions);
      const visit = () => browser.visit((session) => session.set('a', 1));
      for (let times = 0; times < 3; times++) {
        expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
      }
      const mongodb = await startMongodb({ port });
      onTestFinished(() => mongodb.stop());
      await expect.poll(async () => (await visit()).error, { timeout: 5000 }).toBeUndefined();
      expect(await browser.read((session) => session.get('a'))).toBe(1);
    });
  },
);
