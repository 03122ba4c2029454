import type { Clock } from '../clock.ts';
import type { Meta } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { hashName } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import type { StoredRecord } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import type { Documents } from './documents.ts';
import type { Lifetime } from './lifetime.ts';

/** What the direct interface works with: each call has a deadline of its own. */
export interface BackendContext {
  access(): Promise<StoreAccess>;
  readonly documents: Documents;
  readonly clock: Clock;
  readonly lifetime: Lifetime;
}

/** No space of `records()` may have this name. */
export const BACKEND_SPACE = 'backend';

/** The latest moment that a `Date` can tell (ms since 1970). */
const LATEST = 8.64e15;

/**
 * The store itself, for small values that belong to nobody's session: `get`, `set` and `delete` by a key of your own,
 * as Quart-Session's `session_interface` has them. Values go through the codec, so a `Date`, a `Map` or bytes come back
 * as they were. A key is any text and reaches the store hashed, in a space where neither sessions nor `records()` are.
 *
 * `set` writes whatever is there; of two that overlap one is lost. Where that matters use `sessions.records(space)`.
 *
 * @example
 * await sessions.backend.set('quote of the day', { text, by }, 3600);
 * const quote = await sessions.backend.get('quote of the day');
 */
export class Backend {
  readonly #context: BackendContext;

  constructor(context: BackendContext) {
    this.#context = context;
  }

  /**
   * The value; undefined where there is none, where its time is over, or where no value can be read.
   *
   * @throws CoatcheckError `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`; `USAGE` for a key that is no text
   */
  async get<T = unknown>(key: string): Promise<T | undefined> {
    const name = nameOf(key);
    const access = await this.#context.access();
    const record = await access.read(name);
    return record === undefined ? undefined : (this.#value(record) as T | undefined);
  }

  /**
   * Stores a value, whatever was there.
   *
   * @param expiry whole seconds from now, above zero. Default: the idle time of a session (`lifetime.idle`)
   * @throws CoatcheckError `EXPIRY_INVALID` for 0, a negative number, a fraction, `NaN`, an infinity; `SESSION_TOO_LARGE`,
   * `VALUE_UNSUPPORTED`, `KEY_FORBIDDEN` for the value; `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`; `USAGE` for a key
   * that is no text
   */
  async set(key: string, value: unknown, expiry?: number): Promise<void> {
    const { access, documents, clock, lifetime } = this.#context;
    const name = nameOf(key);
    if (value === undefined) {
      throw new CoatcheckError('VALUE_UNSUPPORTED', 'undefined is no value to store. backend.delete(key) deletes.');
    }
    const now = clock.now();
    const meta: Meta = { created: now, commits: 1, nonces: [newNonce()] };
    const expiresAt = expiry === undefined ? lifetime.deadline(meta, now) : endOf(expiry, now);
    const document = documents.encode({ data: { value }, meta });
    const reached = await access();
    await reached.insist('put', () => reached.store.put(name, document, expiresAt));
  }

  /**
   * Deletes the value; true if there was one whose time was not over. Of deletions that overlap one says true.
   *
   * @throws CoatcheckError `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`; `USAGE` for a key that is no text
   */
  async delete(key: string): Promise<boolean> {
    const name = nameOf(key);
    const access = await this.#context.access();
    const record = await access.read(name);
    if (record === undefined) return false;
    let attempts = 0;
    const was = await access.insist('destroy', () => {
      attempts++;
      return access.store.destroy(name, record.owner?.name);
    });
    // An attempt that was not answered may have deleted it, and then the next one finds nothing.
    return (was || attempts > 1) && this.#value(record) !== undefined;
  }

  #value(record: StoredRecord): unknown {
    const { documents, clock } = this.#context;
    // Not `<=`: a time that is no number is over.
    return record.expiresAt > clock.now() ? documents.readable(record)?.data.value : undefined;
  }
}

function nameOf(key: string): string {
  if (typeof key !== 'string') throw new CoatcheckError('USAGE', "A key is text: backend.set('key', value, seconds).");
  return `${BACKEND_SPACE}:${hashName(key)}`;
}

function endOf(expiry: number, now: number): number {
  const end = now + expiry * 1000;
  if (Number.isSafeInteger(expiry) && expiry > 0 && end <= LATEST) return end;
  throw new CoatcheckError(
    'EXPIRY_INVALID',
    'expiry is whole seconds from now, above zero. Leave it out for the idle time of a session.',
  );
}
