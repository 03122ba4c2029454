import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTable, openMysql } from '../../src/store/mysql.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { type Mysql, mysqlMissing, startMysql } from '../support/servers/mysql.ts';
import { called } from '../support/servers/program.ts';
import { type Env, fleet } from './app.ts';
import { DEADLINE, Witness } from './dead-store.ts';
import { testFaults } from './faults.ts';
import { ended } from './faults-absent.ts';
import type { Refusal, Scene } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';
import type { Visitor } from './visitor.ts';

const { start: startApp } = fleet();

const KEY = 'a'.repeat(64);
const LATER = 4_000_000_000_123;

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly mysql: Mysql;
  readonly relay: ByteRelay;
  stop(): Promise<void>;
}

async function start(): Promise<Standing> {
  const mysql = await startMysql();
  await createTable({ url: mysql.url, document: 'bytes' });
  const relay = await startByteRelay(mysql.port);
  return {
    env: { SESSION_URI: mysql.url.replace(`:${mysql.port}/`, `:${relay.port}/`) },
    direct: { SESSION_URI: mysql.url },
    mysql,
    relay,
    async stop() {
      await relay.stop();
      await mysql.stop();
    },
  };
}

/** Ends every connection of the application, so that it makes new ones. */
const disconnect = ({ mysql }: Standing): Promise<unknown> => mysql.sql('KILL USER app');

const withdrawn = (what: string, change: string, back: string, says: RegExp): Refusal<Standing> => ({
  what,
  async begin(standing) {
    await standing.mysql.sql(change);
    await disconnect(standing);
  },
  end: ({ mysql }) => mysql.sql(back),
  says,
});

const at =
  (login: string, database = 'app') =>
  ({ mysql }: Standing): string =>
    `mysql://${login}127.0.0.1:${mysql.port}/${database}`;

const change = ({ mysql }: Standing, key: string, set: string): Promise<unknown> =>
  mysql.sql(`UPDATE app.coatcheck_sessions SET ${set} WHERE \`key\` = '${key}'`);

testFaults<Standing>(
  'MariaDB',
  {
    store: 'MySQL',
    missing: mysqlMissing,
    start,
    absent: /no connection/,
    strangers: [
      ['a wrong password', at('app:geheim-falsch@'), /look at user and password/],
      ['no password', at('app@'), /look at user and password/],
      ['a user that does not exist', at('nobody:geheim-falsch@'), /look at user and password/],
      ['a database that does not exist', at('app:geheim@', 'other'), /docs\/stores\/mysql\.md|no such database/],
      [
        'a table that does not exist',
        ({ mysql }) => mysql.database(),
        /no table coatcheck_sessions\. Make it with createTable/,
      ],
    ],
    killed: { begin: ({ mysql }) => mysql.kill(), end: ({ mysql }) => mysql.restart() },
    keeps: true,
    // Longer than connections are kept.
    silent: { begin: ({ mysql }) => mysql.pause(), end: ({ mysql }) => mysql.resume(), ms: 7500 },
    // What the server says in its answer to an update that changed a row.
    ...byBytes((answer) => answer.includes('Rows matched: 1')),
    full: 'MariaDB itself ends where its disk is full; see one whose table space is, below',
    readOnly: {
      what: 'only reads',
      refuses: 'writes',
      begin: ({ mysql }) => mysql.sql('SET GLOBAL read_only = ON'),
      end: ({ mysql }) => mysql.sql('SET GLOBAL read_only = OFF'),
      says: /this server only reads/,
      // It may be a moment after a failover.
      again: true,
      within: DEADLINE,
    },
    withdrawn: [
      withdrawn(
        'has another password now',
        "SET PASSWORD FOR app@'%' = PASSWORD('other')",
        "SET PASSWORD FOR app@'%' = PASSWORD('geheim')",
        /does not let this user in with this password/,
      ),
      withdrawn(
        'lets nobody in',
        "ALTER USER app@'%' ACCOUNT LOCK",
        "ALTER USER app@'%' ACCOUNT UNLOCK",
        /the account of this user is locked/,
      ),
      withdrawn(
        'gives no right to the database any more',
        "REVOKE ALL ON app.* FROM app@'%'",
        "GRANT ALL ON app.* TO app@'%'",
        /may not do that/,
      ),
    ],
    truncated: {
      what: 'was cut off',
      begin: (standing, key) => change(standing, key, 'document = LEFT(document, 20)'),
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: (standing, key) => change(standing, key, `document = '{"some": "thing"}'`),
      leaves: 'nobody',
    },
    remove: ({ mysql }, key) => mysql.sql(`DELETE FROM app.coatcheck_sessions WHERE \`key\` = '${key}'`),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  test('connections that the server ends while nobody uses them are not noticed, or cost one moment', async () => {
    await disconnect(scene.standing);
    await scene.witness.recovered();
  });

  test('a row that somebody holds is waited for up to the deadline, and not beyond; who reads does not wait', async () => {
    const { witness } = scene;
    const { mysql } = scene.standing;
    const hold = (seconds: number): Promise<string> =>
      mysql.sql(`BEGIN; SELECT COUNT(*) FROM app.coatcheck_sessions FOR UPDATE; SELECT SLEEP(${seconds}); COMMIT`);
    const soon = hold(0.5);
    await sleep(100);
    expect((await witness.write()).status).toBe(200);
    await soon;
    const value = await witness.count();
    const long = hold(3);
    await sleep(100);
    expect((await witness.read()).json).toEqual({ value: 1 });
    await witness.refused(witness.write);
    await long;
    // What was given up is not done later.
    await sleep(1500);
    expect(await witness.count()).toEqual(value);
    await witness.recovered();
  });

  test('a table that somebody locks is waited for up to the deadline, and not beyond', async () => {
    const { witness } = scene;
    const { mysql } = scene.standing;
    const lock = (seconds: number): Promise<string> =>
      mysql.sql(`LOCK TABLES app.coatcheck_sessions WRITE; SELECT SLEEP(${seconds}); UNLOCK TABLES`);
    const soon = lock(0.5);
    await sleep(100);
    expect((await witness.write()).status).toBe(200);
    await soon;
    const long = lock(3);
    await sleep(100);
    await witness.refused(witness.read, { outcome: 'none' });
    await long;
    await witness.recovered();
  });

  test('one whose connections others have all taken is a 503 in time, until there is one again', async () => {
    const { witness } = scene;
    const { mysql } = scene.standing;
    await mysql.sql('SET GLOBAL max_connections = 10');
    onTestFinished(() => mysql.sql('SET GLOBAL max_connections = 151').then(() => undefined));
    await disconnect(scene.standing);
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
    await witness.refused(witness.read, { outcome: 'none' });
    await witness.refused(witness.write, { outcome: 'none' });
    await Promise.all(taken.map((connection) => connection.end()));
    await witness.recovered();
  });

  test('a table that was dropped is a 503 at once, and a new one is used without a restart', async () => {
    const { witness } = scene;
    const { mysql } = scene.standing;
    await mysql.sql('DROP TABLE app.coatcheck_sessions');
    await witness.refused(witness.read, {
      outcome: 'none',
      within: 500,
      says: /no such table: make it with createTable/,
    });
    await createTable({ url: mysql.url, document: 'bytes' });
    expect((await witness.write()).status).toBe(200);
  });

  test('a user without rights, and a server that only reads, end the application with a message', async () => {
    const { mysql } = scene.standing;
    const url = await mysql.database();
    const name = url.slice(url.lastIndexOf('/') + 1);
    await createTable({ url });
    for (const right of ['SELECT', 'INSERT', 'UPDATE', 'DELETE']) {
      await mysql.sql(`REVOKE ${right} ON ${name}.* FROM app@'%'`);
      await ended(scene.store, { SESSION_URI: url }, /may not do that: docs\/stores\/mysql\.md|no table/);
      await mysql.sql(`GRANT ${right} ON ${name}.* TO app@'%'`);
    }
    await mysql.sql('SET GLOBAL read_only = ON');
    onTestFinished(() => mysql.sql('SET GLOBAL read_only = OFF').then(() => undefined));
    await ended(scene.store, { SESSION_URI: url }, /only reads/);
  });

  test('one that is stopped in its tracks when it is opened is given up after a moment', async () => {
    const { mysql } = scene.standing;
    mysql.pause();
    onTestFinished(() => mysql.resume());
    const begun = performance.now();
    await expect(openMysql({ url: mysql.url })).rejects.toMatchObject({
      code: 'STORE_FAILED',
      retryable: true,
      outcome: 'none',
    });
    expect(performance.now() - begun).toBeLessThan(3000);
    mysql.resume();
    await scene.witness.recovered();
  });

  test('one that takes shorter statements than when it was opened says so, and the connection is used no more', async () => {
    const { mysql } = scene.standing;
    const url = await mysql.database();
    const store = await openMysql({ url, createTable: 'json' });
    onTestFinished(() => store.close?.());
    await store.create(KEY, 'small', LATER);
    await mysql.sql('SET GLOBAL max_allowed_packet = 1048576; KILL USER app');
    onTestFinished(() => mysql.sql('SET GLOBAL max_allowed_packet = 16777216').then(() => undefined));
    const large = 'x'.repeat(3_000_000);
    for (let times = 0; times < 5; times++) {
      // Sometimes the server has gone before its word is heard.
      await expect(store.put(KEY, large, LATER)).rejects.toMatchObject({ code: 'STORE_FAILED' });
      expect((await store.read(KEY))?.document).toBe('small');
    }
    const again = await openMysql({ url });
    onTestFinished(() => again.close?.());
    expect(again.capabilities.maxBytes).toBeLessThan(1_048_576);
    await expect(again.put(KEY, large, LATER)).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', outcome: 'none' });
  });
}

/** All tables are in one file that does not grow. */
const SMALL = ['--innodb-file-per-table=0', '--innodb-data-file-path=ibdata1:20M', '--innodb-undo-tablespaces=0'];
const ROOM = "SELECT data_free FROM information_schema.tables WHERE table_name = 'filler'";

describe.skipIf(mysqlMissing !== undefined)(called('a MariaDB whose table space is full', mysqlMissing), () => {
  let mysql: Mysql;
  beforeAll(async () => {
    mysql = await startMysql({ args: SMALL });
    await createTable({ url: mysql.url, document: 'bytes' });
    await mysql.sql('CREATE TABLE app.filler (a INT PRIMARY KEY AUTO_INCREMENT, b LONGTEXT)');
  }, 60_000);
  afterAll(() => mysql.stop());

  test('refuses writes for good with nothing written, and goes on when there is room', async () => {
    const store = await openMysql({ url: mysql.url });
    onTestFinished(() => store.close?.());
    await store.create(KEY, 'small', LATER);
    // Not to the brim, for then not even the filler could be dropped.
    while (Number(await mysql.sql(ROOM)) > 3_000_000) {
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
    await mysql.sql('TRUNCATE app.filler');
    await expect
      .poll(async () => (await store.update(KEY, version, large, LATER).catch(() => undefined))?.result)
      .toBe('ok');
    await store.destroy(KEY);
  });

  test('is a 503 at once for who needs room, and is read as before', async () => {
    const app = await startApp({ ADAPTER: 'express', SESSION_URI: mysql.url });
    const witness = new Witness(app, 'MySQL');
    await witness.arrive();
    // What is left for no large row may be enough for a small one.
    for (const size of [200_000, 20_000]) {
      const rows = `INSERT INTO app.filler (b) VALUES (REPEAT('x', ${size}));`.repeat(200);
      await expect(mysql.sql(rows)).rejects.toThrow(/is full/);
    }
    const grow = (visitor: Visitor) => visitor.post('/set', { k: 'large', v: 'x'.repeat(48_000) });
    const how = { outcome: 'none', within: 500, says: /the disk or the table is full: make room/ } as const;
    await witness.refused(() => grow(witness.visitor), how);
    const stranger = new Witness(app, 'MySQL');
    await stranger.refused(() => grow(stranger.visitor), how);
    expect((await witness.visitor.get('/keys')).json.keys.sort()).toEqual(['a', 'n']);
    expect([(await witness.read()).json.value, await witness.count()]).toEqual([1, 1]);
    await app.stop();
  });
});
