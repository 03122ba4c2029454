import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { createTable } from '../../src/store/postgres.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { handOver } from '../support/servers/child.ts';
import { type Disk, diskMissing, startDisk } from '../support/servers/disk.ts';
import { type Postgres, postgresMissing, startPostgres } from '../support/servers/postgres.ts';
import type { Env } from './app.ts';
import { DEADLINE } from './dead-store.ts';
import { testFaults } from './faults.ts';
import { ended } from './faults-absent.ts';
import type { Refusal, Scene } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly postgres: Postgres;
  readonly relay: ByteRelay;
  stop(): Promise<void>;
}

const noDisk = diskMissing('tmpfs');
let disk: Disk | undefined;

async function start(): Promise<Standing> {
  const postgres = await startPostgres();
  await createTable({ url: postgres.url, document: 'bytes' });
  const relay = await startByteRelay(postgres.port);

  return {
    env: { SESSION_URI: postgres.url.replace(`:${postgres.port}/`, `:${relay.port}/`) },
    direct: { SESSION_URI: postgres.url },
    postgres,
    relay,
    async stop() {
      await relay.stop();
      await postgres.stop();
      disk?.stop();
    },
  };
}

/** Ends every connection of the application, so that it makes new ones. */
const disconnect = ({ postgres }: Standing): Promise<unknown> =>
  postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'");

/** By what the superuser says about the user or the database. */
const withdrawn = (what: string, change: string, back: string, says: RegExp, database?: string): Refusal<Standing> => ({
  what,
  async begin(standing) {
    await standing.postgres.sql(change, database);
    await disconnect(standing);
  },
  end: ({ postgres }) => postgres.sql(back, database),
  says,
  within: DEADLINE,
});

const at =
  (login: string, database = 'app') =>
  ({ postgres }: Standing): string =>
    `postgres://${login}127.0.0.1:${postgres.port}/${database}`;

/** The table moves to a small disk. */
const full: Refusal<Standing> = {
  what: 'is full',
  refuses: 'large',
  async begin({ postgres }) {
    disk = startDisk('tmpfs');
    chmodSync(dirname(disk.folder), 0o755);
    handOver(disk.folder);
    await postgres.sql(`CREATE TABLESPACE small LOCATION '${disk.folder}'`);
    await postgres.sql('ALTER TABLE coatcheck_sessions SET TABLESPACE small', 'app');
    disk.fill();
  },
  end: () => disk?.drain(),
  says: /the disk of PostgreSQL is full: make room/,
};

testFaults<Standing>(
  'PostgreSQL',
  {
    store: 'PostgreSQL',
    missing: postgresMissing,
    start,
    absent: /no connection/,
    strangers: [
      ['a wrong password', at('app:geheim-falsch@'), /does not know this user with this password/],
      ['no password', at('app@'), /wants a password/],
      ['a user that does not exist', at('nobody:geheim-falsch@'), /does not know this user with this password/],
      ['a database that does not exist', at('app:geheim@', 'other'), /no such database/],
      [
        'a table that does not exist',
        ({ postgres }) => postgres.database(),
        /no table coatcheck_sessions\. Make it with createTable/,
      ],
    ],
    killed: { begin: ({ postgres }) => postgres.kill(), end: ({ postgres }) => postgres.restart() },
    keeps: true,
    // Longer than connections are kept.
    silent: { begin: ({ postgres }) => postgres.pause(), end: ({ postgres }) => postgres.resume(), ms: 7500 },
    // What the server says at the end of an answer to an update that changed a row.
    ...byBytes((answer) => answer.includes('UPDATE 1')),
    full: noDisk ?? full,
    readOnly: {
      what: 'only reads',
      refuses: 'writes',
      async begin(standing) {
        await standing.postgres.sql('ALTER DATABASE app SET default_transaction_read_only = on');
        await disconnect(standing);
      },
      async end(standing) {
        await standing.postgres.sql('ALTER DATABASE app RESET default_transaction_read_only');
        await disconnect(standing);
      },
      says: /the database is read-only here/,
    },
    withdrawn: [
      withdrawn(
        'has no connection left',
        'ALTER ROLE app CONNECTION LIMIT 0',
        'ALTER ROLE app CONNECTION LIMIT -1',
        /no connection left/,
      ),
      withdrawn(
        'has another password now',
        "ALTER ROLE app PASSWORD 'other'",
        "ALTER ROLE app PASSWORD 'geheim'",
        /does not know this user with this password/,
      ),
      withdrawn('lets nobody in', 'ALTER ROLE app NOLOGIN', 'ALTER ROLE app LOGIN', /does not let this user in/),
      withdrawn(
        'gives no right to the table any more',
        'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM app',
        'GRANT ALL ON ALL TABLES IN SCHEMA public TO app',
        /may not do that/,
        'app',
      ),
    ],
    truncated: {
      what: 'was cut off',
      begin: ({ postgres }, key) =>
        postgres.sql(`UPDATE coatcheck_sessions SET document = substr(document, 1, 20) WHERE key = '${key}'`, 'app'),
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: ({ postgres }, key) =>
        postgres.sql(`UPDATE coatcheck_sessions SET document = '{"some": "thing"}' WHERE key = '${key}'`, 'app'),
      leaves: 'nobody',
    },
    remove: ({ postgres }, key) => postgres.sql(`DELETE FROM coatcheck_sessions WHERE key = '${key}'`, 'app'),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  test('connections that the server ends while nobody uses them are not noticed, or cost one moment', async () => {
    await disconnect(scene.standing);
    await scene.witness.recovered();
  });

  test('a table that somebody holds is waited for up to the deadline, and not beyond', async () => {
    const { witness, standing } = scene;
    const letGo = await standing.postgres.hold('LOCK TABLE coatcheck_sessions');
    const write = witness.write();
    await standing.postgres.waits(1);
    await letGo();
    expect((await write).status).toBe(200);
    const letGoLater = await standing.postgres.hold('LOCK TABLE coatcheck_sessions');
    await witness.refused(witness.read, { outcome: 'none' });
    await letGoLater();
    await witness.recovered();
  });

  test('a table that was dropped is a 503 at once, and a new one is used without a restart', async () => {
    const { witness, standing } = scene;
    await standing.postgres.sql('DROP TABLE coatcheck_sessions, coatcheck_schema', 'app');
    await witness.refused(witness.read, {
      outcome: 'none',
      within: 500,
      says: /no such table: make it with createTable/,
    });
    await createTable({ url: standing.postgres.url, document: 'bytes' });
    expect((await witness.write()).status).toBe(200);
  });

  test('a user without rights, and a database that is read-only, end the application with a message', async () => {
    const { postgres } = scene.standing;
    const url = await postgres.database();
    const name = url.slice(url.lastIndexOf('/') + 1);
    await createTable({ url });
    await postgres.sql('REVOKE DELETE ON coatcheck_sessions FROM app', name);
    await ended(scene.store, { SESSION_URI: url }, /may not do that: docs\/stores\/postgres\.md/);
    await postgres.sql('GRANT DELETE ON coatcheck_sessions TO app', name);
    await postgres.sql(`ALTER DATABASE ${name} SET default_transaction_read_only = on`);
    await ended(scene.store, { SESSION_URI: url }, /read-only/);
  });
}
