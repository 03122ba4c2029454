import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { createTable } from '../../src/store/postgres.ts';
import { storeFromUrl } from '../../src/url.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { freePort } from '../support/servers/child.ts';
import { type Postgres, postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { Witness } from './dead-store.ts';

const { start } = fleet();

/** What the server says at the end of an answer to an update that changed a row. */
const isUpdated = (answer: Buffer): boolean => answer.includes('UPDATE 1');

describe.skipIf(postgresMissing !== undefined)(called('faults of PostgreSQL', postgresMissing), () => {
  let postgres: Postgres;
  let relay: ByteRelay;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    postgres = await startPostgres();
    await createTable({ url: postgres.url });
    relay = await startByteRelay(postgres.port);
    const url = postgres.url.replace(`:${postgres.port}/`, `:${relay.port}/`);
    app = await start({ ADAPTER: 'express', SESSION_URI: url });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await relay.stop();
    await postgres.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  /** Ends every connection of the application, so that it makes new ones. */
  const disconnect = (): Promise<unknown> =>
    postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");
  /** Says something about the database or its user, and what to say instead when the test is over. */
  const until = async (change: string, back: string): Promise<void> => {
    await postgres.sql(change);
    onTestFinished(() => postgres.sql(back).then(() => undefined));
    await disconnect();
  };

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await postgres.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await postgres.restart();
    await witness.recovered();
  });

  test('one that was killed between two requests is used as before when it is back', async () => {
    await postgres.kill();
    await postgres.restart();
    await witness.recovered();
  });

  test('one that is killed while requests are under way leaves each of them stored, refused or in doubt', async () => {
    const { visitor } = witness;
    const many = Array.from({ length: 20 }, () => visitor.post('/incr', { k: 'n' }));
    await many[0];
    await postgres.kill();
    const answers = await Promise.all(many);
    await postgres.restart();
    await witness.recovered();
    for (const { status, setCookie } of answers) expect([[200, 503].includes(status), setCookie]).toEqual([true, []]);
    const stored = answers.filter(({ status }) => status === 200).length;
    // Before them stood 1, `recovered` added at least one, and so does the next.
    const { value } = (await visitor.post('/incr', { k: 'n' })).json;
    expect(value).toBeGreaterThanOrEqual(1 + stored + 2);
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    postgres.pause();
    onTestFinished(() => postgres.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    postgres.resume();
    await witness.recovered();
  });

  test('one that answers nothing for longer than connections are kept is found again', {
    timeout: 30_000,
  }, async () => {
    postgres.pause();
    onTestFinished(() => postgres.resume());
    for (let times = 0; times < 6; times++) {
      await witness.refused(witness.read, 'none');
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    postgres.resume();
    await witness.recovered();
  });

  test('connections that end while nobody uses them are not noticed, or cost one moment', async () => {
    await disconnect();
    await witness.recovered();
    relay.cut();
    await witness.recovered();
  });

  test('an answer that does not come leaves a write in doubt, and says so', async () => {
    relay.swallow((answer) => {
      if (isUpdated(answer)) relay.hold();
      return false;
    });
    onTestFinished(() => relay.heal());
    await witness.refused(witness.write, 'unknown');
    relay.heal();
    await witness.recovered();
    // It was done: 1, the one in doubt, and those of `recovered`.
    expect((await witness.visitor.get('/get?k=n')).json.value).toBeGreaterThanOrEqual(3);
  });

  test('where one of five answers is lost, each of 50 increments counts once or is in doubt, none twice', async () => {
    const { visitor } = witness;
    const before = relay.lost;
    let updates = 0;
    relay.swallow((answer) => isUpdated(answer) && updates++ % 5 === 0);
    onTestFinished(() => relay.heal());
    const answers = await Promise.all(Array.from({ length: 50 }, () => visitor.post('/incr', { k: 'n' })));
    relay.heal();
    expect(relay.lost - before).toBeGreaterThan(1);
    const done = answers.filter(({ status }) => status === 200).length;
    const doubted = answers.filter(({ status, json }) => status === 503 && json.error.outcome === 'unknown').length;
    const { value } = (await visitor.get('/get?k=n')).json;
    expect(value).toBeGreaterThanOrEqual(1 + done);
    expect(value).toBeLessThanOrEqual(1 + done + doubted);
    expect(done).toBeGreaterThan(25);
  });

  test('a table that somebody holds is waited for up to the deadline, and not beyond', async () => {
    const letGo = await postgres.hold('LOCK TABLE coatcheck_sessions');
    const write = witness.write();
    await postgres.waits(1);
    await letGo();
    expect((await write).status).toBe(200);
    const letGoLater = await postgres.hold('LOCK TABLE coatcheck_sessions');
    await witness.refused(witness.read, 'none');
    await letGoLater();
    await witness.recovered();
  });

  test('a read-only one refuses writes at once, and reads go on', async () => {
    const back = 'ALTER DATABASE app RESET default_transaction_read_only';
    await until('ALTER DATABASE app SET default_transaction_read_only = on', back);
    expect((await witness.read()).json).toEqual({ value: 1 });
    await witness.refused(witness.write, 'none', 500);
    const born = await witness.visitor.at(app.port).post('/set', { k: 'a', v: 2 });
    expect([born.status, born.setCookie, born.json.error.outcome]).toEqual([503, [], 'none']);
    await postgres.sql(back);
    await disconnect();
    await witness.recovered();
  });

  test.each([
    ['has no connection left', 'ALTER ROLE app CONNECTION LIMIT 0', 'ALTER ROLE app CONNECTION LIMIT -1'],
    ['has another password now', "ALTER ROLE app PASSWORD 'other'", "ALTER ROLE app PASSWORD 'geheim'"],
    ['lets nobody in', 'ALTER ROLE app NOLOGIN', 'ALTER ROLE app LOGIN'],
    [
      'gives no right to the table any more',
      'SELECT 1; REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app',
      'SELECT 1; GRANT ALL ON ALL TABLES IN SCHEMA public TO app',
    ],
  ])('one that %s is a 503 in time that costs no cookie, until it is well again', async (_what, change, back) => {
    const inApp = change.startsWith('SELECT');
    if (inApp) await postgres.sql(change, 'app');
    else await postgres.sql(change);
    await disconnect();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    if (inApp) await postgres.sql(back, 'app');
    else await postgres.sql(back);
    await witness.recovered();
  });

  test('a table that was dropped is a 503 at once, and a new one is used without a restart', async () => {
    await postgres.sql('DROP TABLE coatcheck_sessions, coatcheck_schema', 'app');
    await witness.refused(witness.read, 'none', 500);
    await createTable({ url: postgres.url });
    expect((await witness.write()).status).toBe(200);
  });
});

describe.skipIf(postgresMissing !== undefined)(called('PostgreSQL at the start', postgresMissing), () => {
  let postgres: Postgres;
  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());

  const refused = async (url: string): Promise<string> => {
    const { status, stderr } = await refusal({ SESSION_URI: url });
    expect([status, stderr]).toEqual([1, expect.stringContaining('PostgreSQL store')]);
    expect(stderr).not.toMatch(/geheim| {4}at /);
    return stderr;
  };

  test('one that is not there ends the reference application with a message', async () => {
    expect(await refused(`postgres://app:geheim@127.0.0.1:${await freePort()}/app`)).toContain('no connection');
  });

  test.each([
    ['a wrong password', 'app:geheim-falsch@', 'app', /does not know this user with this password/],
    ['no password', 'app@', 'app', /wants a password/],
    ['a user that does not exist', 'nobody:geheim-falsch@', 'app', /does not know this user with this password/],
    ['a database that does not exist', 'app:geheim@', 'other', /no such database/],
    ['a table that does not exist', 'app:geheim@', 'app', /no table coatcheck_sessions\. Make it with createTable/],
  ])('%s ends it with a message that does not repeat it', async (_what, login, database, message) => {
    expect(await refused(`postgres://${login}127.0.0.1:${postgres.port}/${database}`)).toMatch(message);
  });

  test('a user without rights, and a database that is read-only, end it with a message', async () => {
    const url = await postgres.database();
    const name = url.slice(url.lastIndexOf('/') + 1);
    await createTable({ url });
    await postgres.sql('REVOKE DELETE ON coatcheck_sessions FROM app', name);
    expect(await refused(url)).toMatch(/may not do that: docs\/stores\/postgres\.md/);
    await postgres.sql('GRANT DELETE ON coatcheck_sessions TO app', name);
    await postgres.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    expect(await refused(url)).toMatch(/read-only/);
  });

  test('one that comes after the application is found by the next request', async () => {
    const port = await freePort();
    const url = `postgres://app:geheim@127.0.0.1:${port}/app`;
    const sessions = createSessions({ store: () => storeFromUrl(url) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const late = await startPostgres({ port });
    onTestFinished(() => late.stop());
    await createTable({ url });
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
