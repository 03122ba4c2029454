import type { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
import {
  type Capabilities,
  type Created,
  type Document,
  PROBE,
  type Store,
  type StoredRecord,
  type Updated,
  type Version,
} from './contract.ts';
import type { Connection } from './memcached-connection.ts';
import { foreign, tooLarge, unanswered } from './memcached-errors.ts';
import type { Ring } from './memcached-ring.ts';
import {
  decodeValue,
  type Encoded,
  encodeValue,
  expiryOf,
  HEADER_BYTES,
  ttlOf,
  withExpiry,
} from './memcached-value.ts';

/** What memcached adds to key and value in an item, at the most, in bytes. */
const ITEM_BYTES = 128;
/** Prefix, name space and hash: memcached ends a key at 250 bytes. */
const LONGEST_KEY = 250;
const KEY = /^[!-~]{1,150}$/;

type Settle<T> = (value: T) => void;
type Fail = (error: unknown) => void;

const TAKEN: Created = { result: 'exists' };
const MOVED_ON: Updated = { result: 'conflict' };

/** The largest document that fits into an item of that size. */
export function mostBytes(limit: number): number {
  return limit - ITEM_BYTES - LONGEST_KEY - HEADER_BYTES;
}

/**
 * The verbs. Each makes one promise, which the answer settles: on Node 20 every promise is dear while there is an
 * ambient session.
 *
 * A version is the number that memcached gave to the write, behind the name of the server's run: numbers begin anew
 * with the next run, when all that had them is gone.
 */
export class MemcachedStore implements Store {
  readonly capabilities: Capabilities;
  readonly serverOf?: (key: string) => number;
  readonly #connections: readonly Connection[];
  readonly #ring: Ring | undefined;
  readonly #prefix: string;

  /** @param ring where there are several connections */
  constructor(connections: readonly Connection[], ring: Ring | undefined, prefix: string, maxBytes: number) {
    this.#connections = connections;
    this.#ring = ring;
    this.#prefix = prefix;
    if (ring !== undefined) this.serverOf = (key) => ring.ownerOf(key);
    this.capabilities = { atomic: 'store', reads: 'strong', owners: false, scan: false, bytes: true, maxBytes };
  }

  read(key: string): Promise<StoredRecord | undefined> {
    if (key === PROBE && this.#ring !== undefined) return this.#probe();
    return new Promise((resolve, reject) => this.#get('read', key, resolve, reject));
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    return new Promise((resolve) => {
      const found: (StoredRecord | Error | undefined)[] = new Array(keys.length).fill(undefined);
      let due = keys.length;
      if (due === 0) resolve(found);
      const settle = (at: number, record: StoredRecord | Error | undefined): void => {
        found[at] = record;
        if (--due === 0) resolve(found);
      };
      for (const [at, key] of keys.entries()) {
        this.#get(
          'read',
          key,
          (record) => settle(at, record),
          (error) => settle(at, error as Error),
        );
      }
    });
  }

  create(key: string, document: Document, expiresAt: number): Promise<Created> {
    return new Promise((resolve, reject) => {
      const connection = this.#connectionOf(key);
      const value = encodeValue(document, expiresAt);
      this.#set('create', connection, key, value, expiresAt, ' ME c', reject, (answer) => {
        if (answer.startsWith('HD')) resolve({ result: 'ok', version: versionIn(answer, connection) });
        else if (answer.startsWith('NS')) this.#current(key, resolve, taken, TAKEN);
        else return false;
        return true;
      });
    });
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    return new Promise((resolve, reject) => {
      const connection = this.#connectionOf(key);
      const number = numberIn(version, connection);
      if (number === undefined) {
        this.#get('update', key, (record) => resolve(movedOn(record)), reject);
        return;
      }
      const value = encodeValue(document, expiresAt);
      this.#set('update', connection, key, value, expiresAt, ` C${number} c`, reject, (answer) => {
        if (answer.startsWith('HD')) resolve({ result: 'ok', version: versionIn(answer, connection) });
        else if (answer.startsWith('NF')) resolve({ result: 'gone' });
        else if (answer.startsWith('EX')) this.#current(key, resolve, movedOn, MOVED_ON);
        else return false;
        return true;
      });
    });
  }

  /** Two round trips, for the end of a life stands in the value. */
  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const connection = this.#connectionOf(key);
      const number = numberIn(version, connection);
      if (number === undefined) return resolve(false);
      this.#mg('touch', connection, key, reject, (value, found) => {
        if (value === undefined || found !== version) return resolve(false);
        const current = expiryOf(value);
        if (current === undefined) throw foreign('touch');
        if (expiresAt <= current) return resolve(true);
        const next = withExpiry(value, expiresAt);
        this.#set('touch', connection, key, next, expiresAt, ` C${number}`, reject, (answer) => {
          if (answer.startsWith('HD')) resolve(true);
          else if (answer.startsWith('EX') || answer.startsWith('NF')) resolve(false);
          else return false;
          return true;
        });
      });
    });
  }

  destroy(key: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const connection = this.#connectionOf(key);
      const read = (answer: string): boolean => {
        if (answer.startsWith('HD')) resolve(true);
        else if (answer.startsWith('NF')) resolve(false);
        else return false;
        return true;
      };
      connection.ask('destroy', 'unknown', `md ${this.#full(key)}`, '', read, reject);
    });
  }

  put(key: string, document: Document, expiresAt: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const value = encodeValue(document, expiresAt);
      this.#set('put', this.#connectionOf(key), key, value, expiresAt, '', reject, (answer) => {
        if (!answer.startsWith('HD')) return false;
        resolve();
        return true;
      });
    });
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.close();
  }

  #connectionOf(key: string): Connection {
    return this.#connections[this.#ring === undefined ? 0 : this.#ring.ownerOf(key)] as Connection;
  }

  #full(key: string): string {
    // A blank or a line end in it would be another command.
    if (KEY.test(key)) return this.#prefix + key;
    throw new CoatcheckError('OPTION_INVALID', 'memcached store: a key must be printable ASCII without blanks.', {
      outcome: 'none',
    });
  }

  #get(verb: string, key: string, resolve: Settle<StoredRecord | undefined>, reject: Fail): void {
    this.#mg(verb, this.#connectionOf(key), key, reject, (value, version) => {
      if (value === undefined) return resolve(undefined);
      const record = decodeValue(value, version);
      if (record === undefined) throw foreign(verb);
      resolve(record);
    });
  }

  #mg(
    verb: string,
    connection: Connection,
    key: string,
    reject: Fail,
    found: (value: Buffer | undefined, version: string) => void,
  ): void {
    const read = (answer: string, value: Buffer | undefined): boolean => {
      if (value !== undefined) found(value, versionIn(answer, connection));
      else if (answer.startsWith('EN')) found(undefined, '');
      else return false;
      return true;
    };
    connection.ask(verb, 'none', `mg ${this.#full(key)} v c`, '', read, reject);
  }

  #set(
    verb: string,
    connection: Connection,
    key: string,
    { bytes, block }: Encoded,
    expiresAt: number,
    flags: string,
    reject: Fail,
    read: (answer: string) => boolean,
  ): void {
    const full = this.#full(key);
    // memcached would refuse it, and throw away what it was to replace.
    if (connection.ready && bytes + full.length + ITEM_BYTES > connection.limit) throw tooLarge(verb);
    connection.ask(verb, 'unknown', `ms ${full} ${bytes} T${ttlOf(expiresAt)}${flags}`, block, read, reject);
  }

  /** What came first, to go with an answer that is known already; `otherwise` where it cannot be read now. */
  #current<T>(key: string, resolve: Settle<T>, answer: (current: StoredRecord | undefined) => T, otherwise: T): void {
    this.#get(
      'read',
      key,
      (current) => resolve(answer(current)),
      () => resolve(otherwise),
    );
  }

  /** One server that answers is enough to say that the store does; the others have errors of their own. */
  #probe(): Promise<undefined> {
    return new Promise((resolve, reject) => {
      let due = this.#connections.length;
      const failed = (error: unknown): void => {
        if (--due === 0) reject(error);
      };
      for (const connection of this.#connections) {
        this.#mg('read', connection, PROBE, failed, () => resolve(undefined));
      }
    });
  }
}

function taken(current: StoredRecord | undefined): Created {
  return { result: 'exists', current };
}

function movedOn(current: StoredRecord | undefined): Updated {
  return current === undefined ? { result: 'gone' } : { result: 'conflict', current };
}

/** The version in an answer to a command with the flag `c`. */
function versionIn(answer: string, connection: Connection): string {
  const at = answer.indexOf(' c', 2);
  if (at < 0) throw unanswered('version', connection.server.name, 'unknown');
  const end = answer.indexOf(' ', at + 2);
  return connection.run + answer.slice(at + 2, end < 0 ? undefined : end);
}

/** The number in a version; undefined for one of an earlier run, which no record has any more. */
function numberIn(version: Version, { run }: Connection): string | undefined {
  if (typeof version !== 'string' || run === '' || !version.startsWith(run)) return undefined;
  const number = version.slice(run.length);
  return /^\d{1,20}$/.test(number) ? number : undefined;
}
