import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { keyOfName, type RowStoreOptions, type Rows, rowStore } from './row-store.ts';

/** A storage of unstorage, or `useStorage('sessions')` of Nitro and Nuxt. */
export interface UnstorageLike {
  getItem(key: string): Promise<unknown>;
  setItem(key: string, value: any, options?: any): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(): Promise<string[]>;
  /** Tells a storage from a driver, which has the other four. */
  mount: unknown;
}

export interface UnstorageStoreOptions extends RowStoreOptions {}

const NAME = 'unstorage store';

const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  base: "The keys of a part of a storage: fromUnstorage(prefixStorage(storage, 'sessions'))",
  prefix: "The keys of a part of a storage: fromUnstorage(prefixStorage(storage, 'sessions'))",
  driver: 'A driver belongs to a storage: fromUnstorage(createStorage({ driver }))',
};

/**
 * Keeps records in a storage of unstorage 1, on whichever of its drivers. They can only read and overwrite, so
 * compare-and-set is exact within this process and nowhere else (`atomic: 'process'`; on Cloudflare's runtime not even
 * there, `'no'`). It keeps no owners. Drivers that take a `ttl` are given one; of the others the core sweeps.
 *
 * @throws CoatcheckError `OPTION_INVALID` for what is no storage, `OPTION_UNKNOWN`. Later, from the verbs: `STORE_FAILED`
 *
 * @example
 * const storage = createStorage({ driver: fsDriver({ base: './sessions' }) });
 * const sessions = createSessions({ store: fromUnstorage(storage) });
 */
export function fromUnstorage(storage: UnstorageLike, options: UnstorageStoreOptions = {}): Store {
  checkOptionNames(options, {
    whose: `${NAME}: `,
    names: ['reads'],
    habits: HABITS,
    example: 'fromUnstorage(createStorage({ driver }))',
  });
  const verbs = ['getItem', 'setItem', 'removeItem', 'getKeys', 'mount'] as const;
  if (!verbs.every((verb) => typeof (storage as Partial<UnstorageLike> | null)?.[verb] === 'function')) {
    throw new CoatcheckError('OPTION_INVALID', `${NAME}: hand in a storage, such as createStorage({ driver }).`);
  }
  return rowStore(rowsOf(storage), options);
}

function rowsOf(storage: UnstorageLike): Rows {
  return {
    name: NAME,
    of: storage,
    get: (key) => storage.getItem(key),
    // In seconds, where a driver looks at it.
    set: (key, row, ms) => storage.setItem(key, row, { ttl: Math.ceil(ms / 1000) }),
    delete: (key) => storage.removeItem(key),
    keys: async () => (await storage.getKeys()).map(keyOfName),
    keeps: true,
  };
}
