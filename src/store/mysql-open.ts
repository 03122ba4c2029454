import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
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
  getPeerCertificate?(): PeerCertificate;
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
const SETTINGS =
  "SET SESSION autocommit = 1, sql_mode = 'STRICT_ALL_TABLES', innodb_lock_wait_timeout = 1, lock_wait_timeout = 1";

/** @throws CoatcheckError `DRIVER_MISSING` */
export async function openPool(target: MysqlTarget, tls: MysqlTls | undefined): Promise<OpenedPool> {
  const { createPool } = await findDriver();
  const { host, port, socketPath, user, password, database } = target;
  const encrypted = target.tls || tls !== undefined;
  const byAddress = isIP(host) !== 0;
  const pool = createPool({
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password,
    database,
    ...(encrypted && { ssl: { ...tls, rejectUnauthorized: true, verifyIdentity: !byAddress } }),
    charset: 'utf8mb4',
    connectTimeout: CONNECT_MS,
    connectionLimit: CONNECTIONS,
    waitForConnections: true,
    queueLimit: QUEUE,
    keepAliveInitialDelay: 10_000,
  });
  const open = guard(pool, encrypted && byAddress ? host : undefined);
  return { pool, close: () => end(pool, open) };
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

/**
 * Looks after the pool's connections; which of them there are.
 *
 * @param address what certificates must be made out to, where that is left to us: mysql2 compares them with a name only,
 *   and where there is none with localhost
 */
function guard(pool: OurPool, address: string | undefined): ReadonlySet<OurConnection> {
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
    const stranger = address === undefined ? undefined : strangerAt(address, connection);
    if (stranger) {
      connection.stream.destroy(stranger);
      return;
    }
    connection.stream.setTimeout(SILENCE_MS, () => {
      if (busy.has(connection)) connection.stream.destroy(new Error('The server was silent for five seconds.'));
    });
    // What a server does not know of it does without.
    connection.query(SETTINGS, () => undefined);
  });
  // A connection that goes from one statement to the next one waiting is neither released nor acquired.
  pool.on('acquire', (connection) => busy.add(connection));
  pool.on('release', (connection) => busy.delete(connection));
  return open;
}

function strangerAt(address: string, { stream }: OurConnection): Error | undefined {
  const certificate = stream.getPeerCertificate?.() ?? ({} as PeerCertificate);
  return checkServerIdentity(address, certificate);
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
