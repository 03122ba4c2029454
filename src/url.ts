import { CoatcheckError } from './errors.ts';
import type { Store } from './store/contract.ts';

type Opener = (url: string, rest: string) => Promise<Store>;

/** Drivers load with their store and not before. */
const OPENERS: Readonly<Record<string, Opener>> = {
  memory: async () => (await import('./store/memory.ts')).memoryStore(),
  sqlite: async (_url, rest) => {
    if (rest === '') throw invalid('sqlite: needs a path, such as sqlite:./sessions.db');
    return (await import('./store/sqlite.ts')).openSqlite({ database: rest });
  },
};

/**
 * Opens a store by its URL: `memory:`, `sqlite:./sessions.db`.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for a URL that names no store, `DRIVER_MISSING` for a driver to install,
 * and what the store says when it cannot be opened
 *
 * @example
 * const sessions = createSessions({ store: () => storeFromUrl('sqlite:./sessions.db') });
 */
export async function storeFromUrl(url: string): Promise<Store> {
  const match = typeof url === 'string' ? /^([a-z][a-z0-9+.-]*):(.*)$/s.exec(url) : null;
  const scheme = match?.[1];
  const open = scheme !== undefined && Object.hasOwn(OPENERS, scheme) ? OPENERS[scheme] : undefined;
  if (open === undefined) throw invalid(`A store URL begins with one of: ${Object.keys(OPENERS).join(':, ')}:`);
  return open(url, fromUrl(match?.[2] ?? ''));
}

/** `sqlite:///var/x.db` means the same path as `sqlite:/var/x.db`. */
function fromUrl(rest: string): string {
  return rest.startsWith('///') ? rest.slice(2) : rest;
}

function invalid(message: string): CoatcheckError {
  // The URL itself may hold a password, so it is never quoted.
  return new CoatcheckError('STORE_URL_INVALID', `${message}.`);
}
