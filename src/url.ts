import { CoatcheckError } from './errors.ts';
import type { Store } from './store/contract.ts';

/** What a URL cannot say. */
export interface StoreUrlOptions {
  /** Text in front of every key, for stores that are shared: Redis. Default: the store's own. */
  readonly prefix?: string;
}

type Opener = (url: string, rest: string, options: StoreUrlOptions) => Promise<Store>;

const redis: Opener = async (url, _rest, options) => (await import('./store/redis.ts')).openRedis({ url, ...options });

/** Drivers load with their store and not before. */
const OPENERS: Readonly<Record<string, Opener>> = {
  memory: async () => (await import('./store/memory.ts')).memoryStore(),
  sqlite: async (_url, rest) => {
    if (rest === '') throw invalid('sqlite: needs a path, such as sqlite:./sessions.db');
    return (await import('./store/sqlite.ts')).openSqlite({ database: rest });
  },
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
export const PREFIXED_SCHEMES: readonly string[] = STORE_SCHEMES.filter((scheme) => scheme.startsWith('redis'));

/**
 * Opens a store by its URL: `memory:`, `sqlite:./sessions.db`, `redis://127.0.0.1:6379` and the other forms that
 * `coatcheck/store/redis` knows.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for a URL that names no store, `OPTION_INVALID` for a prefix where a store
 * has none, `DRIVER_MISSING` for a driver to install, and what the store says when it cannot be opened
 *
 * @example
 * const sessions = createSessions({ store: () => storeFromUrl('sqlite:./sessions.db') });
 */
export async function storeFromUrl(url: string, options: StoreUrlOptions = {}): Promise<Store> {
  const match = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(url) : null;
  const scheme = match?.[1];
  const open = scheme !== undefined && Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined;
  if (open === undefined) throw invalid(`A store URL begins with one of: ${Object.keys(OPENERS).join(':, ')}:`);
  if (options.prefix !== undefined && !PREFIXED_SCHEMES.includes(scheme ?? '')) {
    throw new CoatcheckError('OPTION_INVALID', `A ${scheme}: store has no prefix. Leave it out.`);
  }
  return open(url, fromUrl(match?.[2] ?? ''), options);
}

/** `sqlite:///var/x.db` means the same path as `sqlite:/var/x.db`. */
function fromUrl(rest: string): string {
  return rest.startsWith('///') ? rest.slice(2) : rest;
}

function invalid(message: string): CoatcheckError {
  // The URL itself may hold a password, so it is never quoted.
  return new CoatcheckError('STORE_URL_INVALID', `${message}.`);
}
