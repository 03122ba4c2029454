import { CoatcheckError } from '../errors.ts';
import type { Document, Owner, StoredRecord } from './contract.ts';
import type { MongodbFields } from './mongodb-client.ts';
import { foreign, tooLarge } from './mongodb-errors.ts';

/** How much longer than the record's life MongoDB keeps it. */
export const TTL_SLACK_MS = 60_000;

/** The last moment that a Date can be. */
const MAX_TIME = 8.64e15;

/** MongoDB's own limit for one document is 16 MB, with room for our fields. */
export const MAX_BYTES: number = 16 * 1024 * 1024 - 8192;

/**
 * The fields that every write sets.
 *
 * @throws CoatcheckError `STORE_FAILED` for what is too large: a server may end the connection instead of saying so
 */
export function written(verb: string, version: string, document: Document, expiresAt: number): MongodbFields {
  // A character has three bytes at most.
  if (document.length > MAX_BYTES / 3 && bytesOf(document) > MAX_BYTES) throw tooLarge(verb);
  return {
    // The driver encodes only after it has found a connection, and bytes may change until then.
    document: typeof document === 'string' ? document : new Uint8Array(document),
    version,
    expiresAt,
    expires: ttlDate(expiresAt),
  };
}

/** Those of the owner beside them. */
export function owned({ name, until }: Owner): MongodbFields {
  return { owner: name, ownerUntil: until };
}

/** When the TTL index may take a record: MongoDB knows Dates only, and forgets fractions of a millisecond. */
export function ttlDate(expiresAt: number): Date {
  if (expiresAt >= 0 && expiresAt <= MAX_TIME) {
    return new Date(Math.min(Math.ceil(expiresAt) + TTL_SLACK_MS, MAX_TIME));
  }
  throw new CoatcheckError('OPTION_INVALID', 'MongoDB store: a time must be milliseconds since 1970.', {
    outcome: 'none',
  });
}

/** The record in what the collection holds; an Error for what no coatcheck wrote. */
export function recordIn(fields: MongodbFields, verb: string): StoredRecord | Error {
  const { version, expiresAt, owner, ownerUntil } = fields;
  const document = documentIn(fields.document);
  const isOwned = owner !== undefined;
  if (
    document === undefined ||
    typeof version !== 'string' ||
    typeof expiresAt !== 'number' ||
    (isOwned && (typeof owner !== 'string' || typeof ownerUntil !== 'number'))
  ) {
    return foreign(verb);
  }
  return {
    document,
    version,
    expiresAt,
    owner: isOwned ? { name: owner as string, until: ownerUntil as number } : undefined,
  };
}

function bytesOf(document: Document): number {
  return typeof document === 'string' ? new TextEncoder().encode(document).length : document.length;
}

function documentIn(value: unknown): Document | undefined {
  if (typeof value === 'string') return value;
  // A copy: what the driver gives is a Buffer, and a part of all that came over the connection.
  return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
}
