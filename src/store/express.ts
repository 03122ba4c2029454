import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { answerOf } from './express-call.ts';
import type { Row } from './row-shape.ts';
import { type RowStoreOptions, type Rows, rowStore } from './row-store.ts';

/**
 * A store of express-session: `connect-redis`, `connect-pg-simple`, `express-mysql-session`, `session-file-store`,
 * `connect-mongo` and the sixty others. It may answer by callback or by promise.
 */
export interface ExpressStore {
  get(id: string, callback: (error: any, row?: any) => void): unknown;
  set(id: string, row: any, callback?: (error?: any) => void): unknown;
  destroy(id: string, callback?: (error?: any) => void): unknown;
  /** All rows, as a list or by their ids: where it is there, the store can be walked over. */
  all?: ((callback: (error: any, rows?: any) => void) => unknown) | undefined;
}

export interface ExpressStoreOptions extends RowStoreOptions {}

const NAME = 'express-session store';

const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  prefix: 'The prefix is an option of the store that you hand in',
  client: 'The client belongs to the store that you hand in: fromExpressStore(new RedisStore({ client }))',
};

/**
 * Keeps records in any store of express-session, for who has one already. Such a store can only read and overwrite, so
 * compare-and-set is exact within this process and nowhere else (`atomic: 'process'`), whatever is behind it: with a
 * second process on the same rows, overlapping requests can lose a change (G1), and an ended session can come back (G2).
 * It keeps no owners.
 *
 * Rows have express-session's shape, `cookie` and the data at the top, and stand under the hash of the id: an express
 * application beside this one cannot log in with them, nor this one with that one's.
 *
 * @throws CoatcheckError `OPTION_INVALID` for what is no such store, `OPTION_UNKNOWN`. Later, from the verbs:
 *   `STORE_FAILED`, also where the store does not answer within ten seconds
 *
 * @example
 * const sessions = createSessions({ store: fromExpressStore(new RedisStore({ client })) });
 * @example
 * const FileStore = sessionFileStore(session);
 * const sessions = createSessions({ store: fromExpressStore(new FileStore({ path: './sessions', retries: 0 })) });
 */
export function fromExpressStore(store: ExpressStore, options: ExpressStoreOptions = {}): Store {
  checkOptionNames(options, {
    whose: `${NAME}: `,
    names: ['reads'],
    habits: HABITS,
    example: 'fromExpressStore(new RedisStore({ client }))',
  });
  checkStore(store);
  return rowStore(rowsOf(store), options);
}

function rowsOf(store: ExpressStore): Rows {
  const { all } = store;
  return {
    name: NAME,
    of: store,
    get: async (id) => (await answerOf(store.get, store, [id]).catch(missing)) || undefined,
    set: (id, row) => answerOf(store.set, store, [id, row]),
    delete: (id) => answerOf(store.destroy, store, [id]).catch(missing),
    // They read the end of a row's life off its cookie, and clean up by it.
    keeps: false,
    ...(typeof all === 'function' && { keys: async () => keysOf(await answerOf(all, store, [])) }),
  };
}

/** Stores on files say so of a row that is not there; express-session passes over it too. */
function missing(error: unknown): undefined {
  if ((error as { code?: unknown } | null)?.code !== 'ENOENT') throw error;
}

/** Some give a list, others an object by ids, with or without their prefix: the rows themselves know. */
function keysOf(rows: unknown): string[] {
  return Object.values((rows ?? {}) as Record<string, Partial<Row> | null>).flatMap((row) => row?.coatcheck?.key ?? []);
}

function checkStore(given: unknown): void {
  const store = (given ?? {}) as Partial<Record<'get' | 'set' | 'destroy' | 'capabilities', unknown>>;
  const can = ['get', 'set', 'destroy'].every((verb) => typeof store[verb as 'get'] === 'function');
  if (can) return;
  const hint =
    typeof given === 'function'
      ? 'This is a function: make a store of it, as in new (connectPgSimple(session))({ pool })'
      : store.capabilities !== undefined
        ? "This is a store of coatcheck's: give it to createSessions as it is"
        : 'Hand in a store of express-session, such as new RedisStore({ client })';
  throw new CoatcheckError('OPTION_INVALID', `${NAME}: a store has get, set and destroy. ${hint}.`);
}
