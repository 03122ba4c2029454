import { CoatcheckError } from '../errors.ts';
import type { PostgresPool } from './postgres-pool.ts';

/** A pool of ours. */
export interface OpenedPool {
  readonly pool: PostgresPool;
  close(): Promise<void>;
}

/** How long one attempt to connect, or the wait for a connection that is free, may take: below the two seconds of a request. */
const CONNECT_MS = 1500;
/** How long a connection may be silent while an answer is due. Its request is over long since; the connection is given up. */
const SILENCE_MS = 5000;
/** How long an unused connection is kept. */
const IDLE_MS = 30_000;
/** A server that was stopped in its tracks does not even take a farewell. */
const CLOSE_MS = 1000;

interface OurPool extends PostgresPool {
  on(event: 'error', listener: () => void): unknown;
  end(): Promise<void>;
}

interface PgModule {
  readonly Pool?: new (options: object) => OurPool;
  readonly default?: { readonly Pool: new (options: object) => OurPool };
}

/**
 * A pool of `pg` that connects when it is first used.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, `DRIVER_MISSING`
 */
export async function openPool(url: string): Promise<OpenedPool> {
  const connectionString = checkedUrl(url);
  const Pool = await findPool();
  let pool: OurPool;
  try {
    pool = new Pool({
      connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: SILENCE_MS,
      idleTimeoutMillis: IDLE_MS,
      keepAlive: true,
      allowExitOnIdle: true,
      fallback_application_name: 'coatcheck',
    });
  } catch {
    // The driver's error may hold the URL.
    throw invalidUrl();
  }
  // A connection that breaks while nobody uses it would end the process.
  pool.on('error', () => undefined);
  return { pool, close: () => Promise.race([pool.end(), after(CLOSE_MS)]) };
}

/** SQLAlchemy has the name of a driver of Python's behind a plus. */
function checkedUrl(url: string): string {
  const plain = url.replace(/^(?:postgres|postgresql)(?:\+\w+)?:\/\//, 'postgres://');
  if (!plain.startsWith('postgres://') || !URL.canParse(plain)) throw invalidUrl();
  return plain;
}

function invalidUrl(): CoatcheckError {
  // The URL may hold a password, so it is never quoted.
  return new CoatcheckError(
    'STORE_URL_INVALID',
    'PostgreSQL store: a URL looks like postgres://user:password@host:5432/database. Reserved characters of user and password are written as %XX.',
  );
}

async function findPool(): Promise<new (options: object) => OurPool> {
  try {
    const name = 'pg';
    const module = (await import(name)) as PgModule;
    const Pool = module.Pool ?? module.default?.Pool;
    if (Pool !== undefined) return Pool;
    throw new Error('pg has no Pool');
  } catch (error) {
    throw new CoatcheckError('DRIVER_MISSING', 'PostgreSQL store: no driver was found. Run `npm install pg`.', {
      cause: error,
    });
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    timer.unref?.();
  });
}
