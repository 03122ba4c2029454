import { isIP } from 'node:net';
import { CoatcheckError } from '../errors.ts';
import type { CoreConnection, CorePool } from './mysql-driver.ts';
import { MYSQL } from './mysql-errors.ts';
import type { MysqlTarget } from './mysql-url.ts';

/** For TLS. The server's certificate and name are always verified. */
export interface MysqlTls {
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  readonly passphrase?: string;
}

/** A pool of ours. */
export interface OpenedPool {
  readonly pool: CorePool;
  close(): Promise<void>;
}

interface OurSocket {
  setTimeout(ms: number, silent: () => void): unknown;
  destroy(error?: Error): unknown;
}

interface OurConnection extends CoreConnection {
  readonly stream: OurSocket;
  on(event: 'error' | 'end', listener: () => void): unknown;
  query(sql: string, done: () => void): unknown;
}

interface OurPool extends CorePool {
  on(event: 'connection' | 'acquire' | 'release', listener: (connection: OurConnection) => void): unknown;
  end(done: () => void): void;
}

interface MysqlModule {
  createPool(options: object): OurPool;
}

const CONNECTIONS = 10;
/** How many statements may wait for one of them. */
const QUEUE = 10_000;
/** How long one attempt to connect may take, in milliseconds: below the two seconds of a request. */
const CONNECT_MS = 1500;
/**
 * How long a server may be silent while an answer is expected, in milliseconds. A machine that lost its power or its
 * network closes no connection, and its statements would hold theirs for a quarter of an hour.
 */
const SILENCE_MS = 5000;
/** How long closing waits for statements that are under way, in milliseconds. */
const CLOSING_MS = 1000;

/**
 * What a connection of ours begins with: no transaction is open between statements, nothing is cut to fit in silence,
 * and a row that somebody else holds is waited for no longer than the request would.
 */
const SETTINGS: readonly string[] = [
  'autocommit = 1',
  "sql_mode = 'STRICT_ALL_TABLES'",
  'innodb_lock_wait_timeout = 1',
  'lock_wait_timeout = 1',
];

/** @throws CoatcheckError `STORE_URL_INVALID`, `DRIVER_MISSING` */
export async function openPool(target: MysqlTarget, tls: MysqlTls | undefined): Promise<OpenedPool> {
  const { host, port, socketPath, user, password, database } = target;
  const encrypted = target.tls || tls !== undefined;
  // mysql2 compares certificates with names only, and logs in before anybody else could compare one with an address.
  if (encrypted && socketPath === undefined && isIP(host) !== 0) throw nameless();
  const { createPool } = await findDriver();
  const pool = createPool({
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password,
    database,
    ...(encrypted && { ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: true } }),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
    connectionLimit: CONNECTIONS,
    waitForConnections: true,
    queueLimit: QUEUE,
    keepAliveInitialDelay: 10_000,
  });
  const open = guard(pool);
  return { pool, close: () => end(pool, open) };
}

function nameless(): CoatcheckError {
  return new CoatcheckError(
    'STORE_URL_INVALID',
    `${MYSQL} store: with TLS the server is known by the name in its certificate: give its name in the URL, not an IP address.`,
  );
}

async function findDriver(): Promise<MysqlModule> {
  try {
    const name = 'mysql2';
    const module = (await import(name)) as Partial<MysqlModule> & { readonly default: MysqlModule };
    return typeof module.createPool === 'function' ? (module as MysqlModule) : module.default;
  } catch (error) {
    throw new CoatcheckError('DRIVER_MISSING', `${MYSQL} store: no driver was found. Run \`npm install mysql2\`.`, {
      cause: error,
    });
  }
}

/** Looks after the pool's connections; which of them there are. */
function guard(pool: OurPool): ReadonlySet<OurConnection> {
  const open = new Set<OurConnection>();
  const busy = new Set<OurConnection>();
  pool.on('connection', (connection) => {
    open.add(connection);
    const gone = (): void => {
      open.delete(connection);
      busy.delete(connection);
    };
    // One that breaks ends with an error, and not always with an end. It is no reason to end the process.
    connection.on('error', gone);
    connection.on('end', gone);
    connection.stream.setTimeout(SILENCE_MS, () => {
      if (busy.has(connection)) connection.stream.destroy(new Error('The server was silent for five seconds.'));
    });
    // Each by itself: what a server does not know it does without.
    for (const setting of SETTINGS) connection.query(`SET SESSION ${setting}`, () => undefined);
  });
  // A connection that goes from one statement to the next one waiting is neither released nor acquired.
  pool.on('acquire', (connection) => busy.add(connection));
  pool.on('release', (connection) => busy.delete(connection));
  return open;
}

/** Says goodbye, and does not wait for a server that says nothing any more. */
async function end(pool: OurPool, open: ReadonlySet<OurConnection>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSING_MS);
  });
  await Promise.race([new Promise<void>((resolve) => pool.end(() => resolve())), late]);
  clearTimeout(timer);
  for (const { stream } of open) stream.destroy();
}
