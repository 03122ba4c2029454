import { CoatcheckError } from './errors.ts';
import { checkOptionNames } from './option-names.ts';
import type { Store } from './store/contract.ts';
import { storeOf, URL_WORDS, urlSaid } from './url/words.ts';

/** What a URL can say as well, as in `?prefix=shop:`, for settings of their own. */
export interface StoreUrlOptions {
  /** Text in front of every key, for stores that are shared: Redis, memcached. Default: the store's own. */
  readonly prefix?: string;
  /** The table's name, for stores on SQL. Default: the store's own. */
  readonly table?: string;
  /** The schema in which the table stands, for PostgreSQL. Default: by the connection's `search_path`. */
  readonly schema?: string;
}

/** @param options what the URL said behind its question mark, and what was said beside it; the stores check it */
type Opener = (url: string, rest: string, options: object) => Promise<Store>;

const datastore: Opener = async (url) => (await import('./store/datastore.ts')).openDatastore({ url });

const dynamodb: Opener = async (url) => (await import('./store/dynamodb.ts')).openDynamodb({ url });

const redis: Opener = async (url, _rest, options) => (await import('./store/redis.ts')).openRedis({ url, ...options });

const memcached: Opener = async (url, _rest, options) =>
  (await import('./store/memcached.ts')).openMemcached({ url, ...options });

const mongodb: Opener = async (url, _rest, options) =>
  (await import('./store/mongodb.ts')).openMongodb({ url, ...options });

const mysql: Opener = async (url, _rest, options) => (await import('./store/mysql.ts')).openMysql({ url, ...options });

const postgres: Opener = async (url, _rest, options) =>
  (await import('./store/postgres.ts')).openPostgres({ url, ...options });

/** Drivers load with their store and not before. */
const OPENERS: Readonly<Record<string, Opener>> = {
  memory: async (_url, _rest, options) => (await import('./store/memory.ts')).memoryStore(options),
  sqlite: async (_url, rest, options) => {
    if (rest === '') throw invalid('sqlite: needs a path, such as sqlite:./sessions.db');
    return (await import('./store/sqlite.ts')).openSqlite({ database: rest, ...options });
  },
  file: async (_url, rest, options) => {
    if (rest === '' || rest.startsWith('//')) {
      throw invalid('file: needs a path, such as file:./sessions or file:///var/lib/app/sessions');
    }
    return (await import('./store/file.ts')).openFiles({ folder: rest, ...options });
  },
  memcached,
  mysql,
  mariadb: mysql,
  // As SQLAlchemy writes it, with a driver of Python's behind the plus.
  'mysql+mysqldb': mysql,
  'mysql+pymysql': mysql,
  datastore,
  dynamodb,
  mongodb,
  'mongodb+srv': mongodb,
  postgres,
  postgresql: postgres,
  'postgresql+asyncpg': postgres,
  'postgresql+psycopg': postgres,
  'postgresql+psycopg2': postgres,
  redis,
  rediss: redis,
  'redis+cluster': redis,
  'rediss+cluster': redis,
  'redis+sentinel': redis,
  'rediss+sentinel': redis,
};

/** What a store URL can begin with, without the colon. */
export const STORE_SCHEMES: readonly string[] = Object.keys(OPENERS);

/** Those of them whose keys can have a prefix. */
export const PREFIXED_SCHEMES: readonly string[] = STORE_SCHEMES.filter((scheme) =>
  Object.hasOwn(URL_WORDS[storeOf(scheme)] ?? {}, 'prefix'),
);

/**
 * Opens a store by its URL: `memory:`, `sqlite:./sessions.db`, `file:./sessions`, `redis://127.0.0.1:6379`,
 * `postgres://user:password@host/database` and the others of `STORE_SCHEMES`; docs/stores has the forms of each. The
 * store's options stand behind a question mark: `file:./sessions?fsync=true`, `postgres://host/app?createTable=json`.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for a URL that names no store or says what a URL cannot, `OPTION_INVALID`
 * for a prefix, table or schema where a store has none or the URL says another, `OPTION_UNKNOWN`, `DRIVER_MISSING` for a
 * driver to install, and what the store says when it cannot be opened
 *
 * @example
 * const sessions = createSessions({ store: () => storeFromUrl('sqlite:./sessions.db') });
 */
export async function storeFromUrl(url: string, options: StoreUrlOptions = {}): Promise<Store> {
  const match = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(url) : null;
  const scheme = match?.[1];
  const open = scheme !== undefined && Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined;
  if (open === undefined) throw invalid(`A store URL begins with one of: ${Object.keys(OPENERS).join(':, ')}:`);
  const store = storeOf(scheme ?? '');
  const inUrl = urlSaid(url, store);
  checkOptionNames(options, {
    whose: 'storeFromUrl: ',
    names: ['prefix', 'table', 'schema'],
    habits: {},
    example: "storeFromUrl('redis://127.0.0.1', { prefix: 'shop:' })",
  });
  const beside = Object.entries(options).filter(([, value]) => value !== undefined);
  for (const [name, value] of beside) {
    if (URL_WORDS[store]?.[name] !== 'text') {
      throw new CoatcheckError('OPTION_INVALID', `A ${scheme}: store has no ${name}. Leave it out.`);
    }
    if (Object.hasOwn(inUrl.options, name) && inUrl.options[name] !== value) {
      throw new CoatcheckError('OPTION_INVALID', `The URL says another ${name}. Leave one of them out.`);
    }
  }
  const rest = fromUrl(inUrl.url.slice(inUrl.url.indexOf(':') + 1));
  return open(inUrl.url, rest, { ...inUrl.options, ...Object.fromEntries(beside) });
}

/** `sqlite:///var/x.db` means the same path as `sqlite:/var/x.db`. */
function fromUrl(rest: string): string {
  return rest.startsWith('///') ? rest.slice(2) : rest;
}

function invalid(message: string): CoatcheckError {
  // The URL itself may hold a password, so it is never quoted.
  return new CoatcheckError('STORE_URL_INVALID', `${message}.`);
}
