import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
import type { Document, Owner, StoredRecord } from './contract.ts';
import type { Entity } from './datastore-client.ts';

/** An entity ends at 1,048,572 bytes; the rest is for its key and the other properties. */
export const MAX_BYTES = 1_000_000;

/** How much later than the record's end Datastore may delete it, in milliseconds. */
export const TTL_SLACK_MS = 60_000;
const MAX_TIME = 8.64e15 - TTL_SLACK_MS - 1;

/** An index makes a write slower and dearer, and takes 1500 bytes at most. */
export const UNINDEXED: string[] = ['document', 'version', 'expiresAt', 'until'];

/** The properties of a record. */
export function propertiesOf(
  version: string,
  document: Document,
  expiresAt: number,
  owner: Owner | undefined,
): Record<string, unknown> {
  const properties = {
    document: typeof document === 'string' ? document : copyOf(document),
    version,
    expiresAt: checked(expiresAt),
    ttl: ttlOf(expiresAt),
  };
  return owner === undefined ? properties : { ...properties, owner: owner.name, until: checked(owner.until) };
}

/** The record in an entity; undefined for what no coatcheck wrote. */
export function recordOf({ document: kept, version, expiresAt, owner: name, until }: Entity): StoredRecord | undefined {
  const document = typeof kept === 'string' ? kept : kept instanceof Uint8Array ? new Uint8Array(kept) : undefined;
  if (document === undefined || typeof version !== 'string' || typeof expiresAt !== 'number') return undefined;
  if (name === undefined) return { document, version, expiresAt, owner: undefined };
  return typeof name === 'string' && typeof until === 'number'
    ? { document, version, expiresAt, owner: { name, until } }
    : undefined;
}

/** When Datastore may delete it: it takes whole microseconds, and we whole milliseconds. */
export function ttlOf(expiresAt: number): Date {
  return new Date(Math.ceil(checked(expiresAt)) + TTL_SLACK_MS);
}

function checked(time: number): number {
  if (time >= 0 && time <= MAX_TIME) return time;
  throw new CoatcheckError('OPTION_INVALID', 'Datastore store: a time must be milliseconds since 1970.', {
    outcome: 'none',
  });
}

/** The client takes no bytes but those of a Buffer, and sends them later: the caller's may have changed by then. */
function copyOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes);
}
