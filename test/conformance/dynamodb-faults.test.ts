import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { createTable } from '../../src/store/dynamodb.ts';
import { storeFromUrl } from '../../src/url.ts';
import { freePort } from '../support/servers/child.ts';
import { type Dynamodb, motoMissing, startDynamodb } from '../support/servers/dynamodb.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, count, fleet, refusal, until } from './app.ts';
import { Witness } from './dead-store.ts';

const { start } = fleet();

describe('faults of DynamoDB', () => {
  let dynamodb: Dynamodb;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    dynamodb = await startDynamodb();
    app = await start({ ADAPTER: 'express', SESSION_URI: await dynamodb.table('sessions') });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await dynamodb.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await dynamodb.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await dynamodb.restart();
    await witness.recovered();
  });

  test('one that was killed between two requests is used as before when it is back', async () => {
    await dynamodb.kill();
    await dynamodb.restart();
    await witness.recovered();
  });

  test('one that is killed while requests are under way leaves each of them stored, refused or in doubt', async () => {
    const { visitor } = witness;
    const many = Array.from({ length: 20 }, () => visitor.post('/incr', { k: 'n' }));
    await many[0];
    await dynamodb.kill();
    const answers = await Promise.all(many);
    await dynamodb.restart();
    await witness.recovered();
    const stored = answers.filter(({ status }) => status === 200);
    const doubted = answers.filter(({ json }) => json.error?.outcome === 'unknown');
    for (const { status, setCookie } of answers) expect([[200, 503].includes(status), setCookie]).toEqual([true, []]);
    // Before them stood 1, and `recovered` added at least one.
    const { value } = (await visitor.get('/get?k=n')).json;
    const written = (await visitor.post('/incr', { k: 'n' })).json.value;
    expect(written).toBe(value + 1);
    expect(value).toBeGreaterThanOrEqual(stored.length + 2);
    expect(stored.length + doubted.length).toBeGreaterThan(0);
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    dynamodb.pause();
    onTestFinished(() => dynamodb.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    dynamodb.resume();
    await witness.recovered();
  });

  test('a write whose answer does not come is in doubt, and was done when the server goes on', async () => {
    const { visitor } = witness;
    const loaded = count(app, 'loaded');
    const slow = visitor.get('/slow?ms=300&k=late&v=1');
    await until(() => count(app, 'loaded') > loaded);
    dynamodb.pause();
    onTestFinished(() => dynamodb.resume());
    const { status, json, setCookie } = await slow;
    expect([status, json.error.outcome, setCookie]).toEqual([503, 'unknown', []]);
    dynamodb.resume();
    await witness.recovered();
    expect((await visitor.get('/get?k=late')).json).toEqual({ value: '1' });
  });

  test('a table that is gone is a 503 at once, and found again when it is back', async () => {
    const { DynamoDBClient, DeleteTableCommand } = await import('@aws-sdk/client-dynamodb');
    const other = await dynamodb.table('gone');
    const shop = await start({ ADAPTER: 'node', SESSION_URI: other });
    const visitor = new Witness(shop);
    await visitor.arrive();
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: dynamodb.endpoint, credentials });
    await client.send(new DeleteTableCommand({ TableName: 'gone' }));
    client.destroy();
    await expect.poll(async () => (await visitor.read()).status).toBe(503);
    await visitor.refused(visitor.write, 'none', 500);
    await expect.poll(() => createTable({ url: other }).then(() => 'made'), { timeout: 5000 }).toBe('made');
    expect((await visitor.write()).json).toEqual({ ok: true, value: 1 });
    await shop.stop();
  });
});

describe('DynamoDB at the start', () => {
  test('one that is not there ends the reference application with a message', async () => {
    const uri = `dynamodb://key:geheim@eu-west-1/sessions?endpoint=http://127.0.0.1:${await freePort()}`;
    const { status, stderr } = await refusal({ SESSION_URI: uri });
    expect([status, stderr]).toEqual([1, expect.stringContaining('DynamoDB store, opening: ')]);
    expect(stderr).not.toMatch(/geheim| {4}at /);
  });

  test('a table that is not there ends it with what to do', async () => {
    const dynamodb = await startDynamodb();
    onTestFinished(() => dynamodb.stop());
    const { status, stderr } = await refusal({ SESSION_URI: dynamodb.url('nowhere') });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/no such table in this region.*createTable/)]);
  });

  test.skipIf(motoMissing !== undefined)(
    called('credentials that nobody knows end it with a message that does not repeat them', motoMissing),
    async () => {
      const moto = await startDynamodb('moto', { callsForAll: 0 });
      onTestFinished(() => moto.stop());
      const { status, stderr } = await refusal({ SESSION_URI: moto.url('sessions') });
      expect([status, stderr]).toEqual([1, expect.stringMatching(/AWS does not know these credentials/)]);
      expect(stderr).not.toMatch(/geheim|AKIATEST| {4}at /);
    },
  );

  test('one that comes after the application is found by the next request', async () => {
    const port = await freePort();
    const uri = `dynamodb://key:secret@eu-west-1/sessions?endpoint=http://127.0.0.1:${port}`;
    const sessions = createSessions({ store: () => storeFromUrl(uri) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const dynamodb = await startDynamodb('dynalite', { port });
    onTestFinished(() => dynamodb.stop());
    await dynamodb.table('sessions');
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
