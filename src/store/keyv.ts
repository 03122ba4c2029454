import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { isRow } from './row-shape.ts';
import { type RowStoreOptions, type Rows, rowStore } from './row-store.ts';

/** A Keyv of keyv 5. */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: any, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Where it is there, the store can be walked over. */
  iterator?: unknown;
  /** Must be true, also on the adapter. */
  throwOnErrors?: boolean;
  readonly store?: any;
}

export interface KeyvStoreOptions extends RowStoreOptions {}

const NAME = 'keyv store';

const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  namespace: "The namespace is an option of Keyv: new Keyv({ store, namespace: 'sessions', throwOnErrors: true })",
  store: 'The adapter belongs to a Keyv: fromKeyv(new Keyv({ store, throwOnErrors: true }))',
};

/**
 * Keeps records in a Keyv of keyv 5, on whichever of its adapters. They can only read and overwrite, so compare-and-set is
 * exact within this process and nowhere else (`atomic: 'process'`). It keeps no owners.
 *
 * Keyv must throw: by default it takes a database that is down for one that is empty, and everybody would be logged out.
 *
 * @throws CoatcheckError `OPTION_INVALID` for what is no Keyv, and for one that does not throw; `OPTION_UNKNOWN`. Later,
 *   from the verbs: `STORE_FAILED`
 *
 * @example
 * const keyv = createKeyv('redis://127.0.0.1:6379', { namespace: 'sessions', throwOnErrors: true });
 * const sessions = createSessions({ store: fromKeyv(keyv) });
 */
export function fromKeyv(keyv: KeyvLike, options: KeyvStoreOptions = {}): Store {
  checkOptionNames(options, {
    whose: `${NAME}: `,
    names: ['reads'],
    habits: HABITS,
    example: 'fromKeyv(new Keyv({ store, throwOnErrors: true }))',
  });
  checkKeyv(keyv);
  return rowStore(rowsOf(keyv), options);
}

type Iterator = () => AsyncIterable<readonly [string, unknown]>;

function rowsOf(keyv: KeyvLike): Rows {
  const { iterator } = keyv;
  return {
    name: NAME,
    of: keyv,
    get: (key) => keyv.get(key),
    set: async (key, row, ms) => {
      if ((await keyv.set(key, row, ms)) === false) throw new Error('Keyv did not store it.');
    },
    delete: (key) => keyv.delete(key),
    keeps: true,
    ...(typeof iterator === 'function' && {
      keys: async () => {
        const keys: string[] = [];
        // What it calls the key lacks a part where there is no namespace.
        for await (const [, row] of (iterator as Iterator).call(keyv)) if (isRow(row)) keys.push(row.coatcheck.key);
        return keys;
      },
    }),
  };
}

function checkKeyv(keyv: Partial<KeyvLike> | null): void {
  if (!(['get', 'set', 'delete'] as const).every((verb) => typeof keyv?.[verb] === 'function')) {
    throw new CoatcheckError('OPTION_INVALID', `${NAME}: hand in a Keyv, such as new Keyv({ throwOnErrors: true }).`);
  }
  const silent =
    keyv?.throwOnErrors !== true ? 'Keyv' : keyv.store?.throwOnErrors === false ? 'its adapter' : undefined;
  if (silent === undefined) return;
  throw new CoatcheckError(
    'OPTION_INVALID',
    `${NAME}: ${silent} must have throwOnErrors: true, for otherwise a database that is down looks like an empty one, and everybody is logged out.`,
  );
}
