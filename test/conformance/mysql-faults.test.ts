import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { createTable, openMysql } from '../../src/store/mysql.ts';
import { storeFromUrl } from '../../src/url.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { freePort } from '../support/servers/child.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import { type App, fleet, refusal } from './app.ts';
import { Witness } from './dead-store.ts';
import { Visitor } from './visitor.ts';

const { start } = fleet();

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

/** What the server says in its answer to an update that changed a row. */
const isUpdated = (answer: Buffer): boolean => answer.includes('Rows matched: 1');

describe.skipIf(mysqlMissing !== undefined)(called('faults of MariaDB', mysqlMissing), () => {
  let mysql: Mysql;
  let relay: ByteRelay;
  let app: App;
  let witness: Witness;
  beforeAll(async () => {
    mysql = await startMysql();
    await createTable({ url: mysql.url });
    relay = await startByteRelay(mysql.port);
    const url = mysql.url.replace(`:${mysql.port}/`, `:${relay.port}/`);
    app = await start({ ADAPTER: 'express', SESSION_URI: url });
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await relay.stop();
    await mysql.stop();
  });
  beforeEach(async () => {
    witness = new Witness(app);
    await witness.arrive();
  });

  /** Ends every connection of the application, so that it makes new ones. */
  const disconnect = (): Promise<unknown> => mysql.sql('KILL USER app');

  test('a dead one: a 503 in time and no cookie lost; a logout fails, and takes its cookie away all the same', async () => {
    await mysql.kill();
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await witness.comesAndGoes();
    await mysql.restart();
    await witness.recovered();
  });

  test('one that was killed between two requests is used as before when it is back', async () => {
    await mysql.kill();
    await mysql.restart();
    await witness.recovered();
  });

  test('one that is killed while requests are under way leaves each of them stored, refused or in doubt', async () => {
    const { visitor } = witness;
    const many = Array.from({ length: 20 }, () => visitor.post('/incr', { k: 'n' }));
    await many[0];
    await mysql.kill();
    const answers = await Promise.all(many);
    await mysql.restart();
    await expect.poll(async () => (await witness.read()).status, { timeout: 1500 }).toBe(200);
    const { value } = (await visitor.get('/get?k=n')).json;
    for (const { status, setCookie } of answers) expect([[200, 503].includes(status), setCookie]).toEqual([true, []]);
    const stored = answers.filter(({ status }) => status === 200).length;
    const doubted = answers.filter(({ json }) => json.error?.outcome === 'unknown').length;
    expect(value).toBeGreaterThanOrEqual(1 + stored);
    expect(value).toBeLessThanOrEqual(1 + stored + doubted);
    await witness.recovered();
  });

  test('one that answers nothing is waited for up to the deadline, and then not asked until it is back', async () => {
    mysql.pause();
    onTestFinished(() => mysql.resume());
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none', 0);
    await witness.comesAndGoes();
    mysql.resume();
    await witness.recovered();
  });

  test('one that answers nothing for longer than connections are kept is found again', {
    timeout: 30_000,
  }, async () => {
    mysql.pause();
    onTestFinished(() => mysql.resume());
    for (let times = 0; times < 7; times++) {
      await witness.refused(witness.read, 'none');
      await sleep(1000);
    }
    mysql.resume();
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

  test('a row that somebody holds is waited for up to the deadline, and not beyond; who reads does not wait', async () => {
    const hold = (seconds: number): Promise<string> =>
      mysql.sql(`BEGIN; SELECT COUNT(*) FROM app.coatcheck_sessions FOR UPDATE; SELECT SLEEP(${seconds}); COMMIT`);
    const soon = hold(0.5);
    await sleep(100);
    expect((await witness.write()).status).toBe(200);
    await soon;
    const { value } = (await witness.visitor.get('/get?k=n')).json;
    const long = hold(4);
    await sleep(100);
    expect((await witness.read()).json).toEqual({ value: 1 });
    await witness.refused(witness.write);
    await long;
    // What was given up is not done later.
    await sleep(1500);
    expect((await witness.visitor.get('/get?k=n')).json).toEqual({ value });
    await witness.recovered();
  });

  test('a table that somebody locks is waited for up to the deadline, and not beyond', async () => {
    const lock = (seconds: number): Promise<string> =>
      mysql.sql(`LOCK TABLES app.coatcheck_sessions WRITE; SELECT SLEEP(${seconds}); UNLOCK TABLES`);
    const soon = lock(0.5);
    await sleep(100);
    expect((await witness.write()).status).toBe(200);
    await soon;
    const long = lock(4);
    await sleep(100);
    await witness.refused(witness.read, 'none');
    await long;
    await witness.recovered();
  });

  test('a read-only one refuses writes in time, and reads go on', async () => {
    await mysql.sql('SET GLOBAL read_only = ON');
    onTestFinished(() => mysql.sql('SET GLOBAL read_only = OFF').then(() => undefined));
    expect((await witness.read()).json).toEqual({ value: 1 });
    await witness.refused(witness.write, 'none');
    const born = await new Visitor(app.port).post('/set', { k: 'a', v: 2 });
    expect([born.status, born.setCookie, born.json.error.outcome]).toEqual([503, [], 'none']);
    await mysql.sql('SET GLOBAL read_only = OFF');
    await witness.recovered();
  });

  test('one whose connections others have all taken is a 503 in time, until there is one again', async () => {
    await mysql.sql('SET GLOBAL max_connections = 10');
    onTestFinished(() => mysql.sql('SET GLOBAL max_connections = 151').then(() => undefined));
    await disconnect();
    const taken: Connection[] = [];
    // Those that were just ended count for a moment longer.
    for (let refused = 0; refused < 4; ) {
      try {
        taken.push(await createConnection(mysql.url));
        refused = 0;
      } catch {
        refused++;
        await sleep(50);
      }
    }
    await witness.refused(witness.read, 'none');
    await witness.refused(witness.write, 'none');
    await Promise.all(taken.map((connection) => connection.end()));
    await witness.recovered();
  });

  test.each([
    [
      'has another password now',
      "SET PASSWORD FOR app@'%' = PASSWORD('other')",
      "SET PASSWORD FOR app@'%' = PASSWORD('geheim')",
    ],
    ['lets nobody in', "ALTER USER app@'%' ACCOUNT LOCK", "ALTER USER app@'%' ACCOUNT UNLOCK"],
    ['gives no right to the database any more', "REVOKE ALL ON app.* FROM app@'%'", "GRANT ALL ON app.* TO app@'%'"],
  ])('one that %s is a 503 at once that costs no cookie, until it is well again', async (_what, change, back) => {
    await mysql.sql(change);
    await disconnect();
    await witness.refused(witness.read, 'none', 500);
    await witness.refused(witness.write, 'none', 500);
    await mysql.sql(back);
    await witness.recovered();
  });

  test('a table that was dropped is a 503 at once, and a new one is used without a restart', async () => {
    await mysql.sql('DROP TABLE app.coatcheck_sessions');
    await witness.refused(witness.read, 'none', 500);
    await createTable({ url: mysql.url });
    expect((await witness.write()).status).toBe(200);
  });
});

describe.skipIf(mysqlMissing !== undefined)(called('a MariaDB with too little of something', mysqlMissing), () => {
  test('that is full refuses writes for good with nothing written, and goes on when there is room', async () => {
    const space = ['--innodb-file-per-table=0', '--innodb-data-file-path=ibdata1:20M', '--innodb-undo-tablespaces=0'];
    const mysql = await startMysql({ args: space });
    onTestFinished(() => mysql.stop());
    const store = await openMysql({ url: mysql.url, createTable: 'bytes' });
    onTestFinished(() => store.close?.());
    await store.create(KEY, 'small', LATER);
    await mysql.sql('CREATE TABLE app.filler (a INT PRIMARY KEY AUTO_INCREMENT, b LONGTEXT)');
    // Not to the brim, for then not even the filler could be dropped.
    const free = "SELECT data_free FROM information_schema.tables WHERE table_name = 'filler'";
    while (Number(await mysql.sql(free)) > 3_000_000) {
      await mysql.sql(`INSERT INTO app.filler (b) VALUES (REPEAT('x', 700000))`);
    }
    const large = 'x'.repeat(7_000_000);
    const { version = '' } = (await store.read(KEY)) ?? {};
    await expect(store.update(KEY, version, large, LATER)).rejects.toMatchObject({
      code: 'STORE_FAILED',
      outcome: 'none',
      retryable: false,
      message: expect.stringMatching(/^MySQL store, update: .*full/),
    });
    expect((await store.read(KEY))?.document).toBe('small');
    await mysql.sql('DROP TABLE app.filler');
    await expect
      .poll(async () => (await store.update(KEY, version, large, LATER).catch(() => undefined))?.result)
      .toBe('ok');
  });

  test('that takes shorter statements than when it was opened says so, and the connection is used no more', async () => {
    const mysql = await startMysql();
    onTestFinished(() => mysql.stop());
    const store = await openMysql({ url: mysql.url, createTable: 'json' });
    onTestFinished(() => store.close?.());
    await store.create(KEY, 'small', LATER);
    await mysql.sql('SET GLOBAL max_allowed_packet = 1048576; KILL USER app');
    const large = 'x'.repeat(3_000_000);
    for (let times = 0; times < 5; times++) {
      // Sometimes the server has gone before its word is heard.
      await expect(store.put(KEY, large, LATER)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect((await store.read(KEY))?.document).toBe('small');
    }
    const again = await openMysql({ url: mysql.url });
    onTestFinished(() => again.close?.());
    expect(again.capabilities.maxBytes).toBeLessThan(1_048_576);
    await expect(again.put(KEY, large, LATER)).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', outcome: 'none' });
  });
});

describe.skipIf(mysqlMissing !== undefined)(called('MariaDB at the start', mysqlMissing), () => {
  let mysql: Mysql;
  beforeAll(async () => {
    mysql = await startMysql();
  }, 60_000);
  afterAll(() => mysql.stop());

  const refused = async (url: string): Promise<string> => {
    const { status, stderr } = await refusal({ SESSION_URI: url });
    expect([status, stderr]).toEqual([1, expect.stringContaining('MySQL store')]);
    expect(stderr).not.toMatch(/geheim| {4}at /);
    return stderr;
  };

  test('one that is not there ends the reference application with a message', async () => {
    expect(await refused(`mysql://app:geheim@127.0.0.1:${await freePort()}/app`)).toContain('no connection');
  });

  test.each([
    ['a wrong password', 'app:geheim-falsch@', 'app', /look at user and password/],
    ['no password', 'app@', 'app', /look at user and password/],
    ['a user that does not exist', 'nobody:geheim-falsch@', 'app', /look at user and password/],
    ['a database that does not exist', 'app:geheim@', 'other', /docs\/stores\/mysql\.md|no such database/],
    ['a table that does not exist', 'app:geheim@', 'app', /no table coatcheck_sessions\. Make it with createTable/],
  ])('%s ends it with a message that does not repeat it', async (_what, login, database, message) => {
    expect(await refused(`mysql://${login}127.0.0.1:${mysql.port}/${database}`)).toMatch(message);
  });

  test('a user without rights, and a server that only reads, end it with a message', async () => {
    const url = await mysql.database();
    const name = url.slice(url.lastIndexOf('/') + 1);
    await createTable({ url });
    for (const right of ['SELECT', 'INSERT', 'UPDATE', 'DELETE']) {
      await mysql.sql(`REVOKE ${right} ON ${name}.* FROM app@'%'`);
      expect(await refused(url)).toMatch(/may not do that: docs\/stores\/mysql\.md|no table/);
      await mysql.sql(`GRANT ${right} ON ${name}.* TO app@'%'`);
    }
    await mysql.sql('SET GLOBAL read_only = ON');
    expect(await refused(url)).toMatch(/only reads/);
    await mysql.sql('SET GLOBAL read_only = OFF');
  });

  test('one that is stopped in its tracks is given up after a moment', async () => {
    mysql.pause();
    onTestFinished(() => mysql.resume());
    const begun = performance.now();
    await expect(openMysql({ url: mysql.url })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      outcome: 'none',
    });
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test('one that comes after the application is found by the next request', async () => {
    const port = await freePort();
    const url = `mysql://app:geheim@127.0.0.1:${port}/app`;
    const sessions = createSessions({ store: () => storeFromUrl(url) });
    onTestFinished(() => sessions.close());
    const browser = new Browser(sessions);
    const visit = () => browser.visit((session) => session.set('a', 1));
    for (let times = 0; times < 3; times++) {
      expect(await visit()).toMatchObject({ setCookie: [], error: { status: 503, outcome: 'none' } });
    }
    const late = await startMysql({ port });
    onTestFinished(() => late.stop());
    await createTable({ url });
    expect((await visit()).error).toBeUndefined();
    expect(await browser.read((session) => session.get('a'))).toBe(1);
  });
});
