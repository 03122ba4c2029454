import { Buffer } from 'node:buffer';
import { closedNonce } from '../codec/closed.ts';
import type { DecodedRecord } from '../codec/contract.ts';
import { nativeCodec } from '../codec/native.ts';
import { Documents } from '../interface/documents.ts';
import type { Document, StoredRecord } from '../store/contract.ts';
import { harmless } from './text.ts';

/** What a record is. `unreadable`: of a codec of the application's own, of a later version, or damaged. */
export type State = 'living' | 'expired' | 'closed' | 'unreadable';

/** The name under which sessions are counted; records have that of their space. */
export const SESSIONS = 'sessions';

const codec = nativeCodec();

/** The bounds are the application's business: what it wrote can be looked at. */
export const documents: Documents = new Documents(codec, {
  bytes: Number.MAX_SAFE_INTEGER,
  depth: 1000,
  keys: Number.MAX_SAFE_INTEGER,
});

/** Whose key it is: `sessions`, or a name space. */
export function spaceOf(key: string): string {
  const colon = key.indexOf(':');
  return colon < 0 ? SESSIONS : harmless(key.slice(0, colon));
}

/** What the default codec makes of a document; undefined for what it cannot read. */
export function decoded(record: Pick<StoredRecord, 'document'>): DecodedRecord | undefined {
  return documents.readable(record as StoredRecord);
}

/** Whether it stands in place of a session that was logged out or got another id a moment ago. */
export function isClosed({ document }: Pick<StoredRecord, 'document'>): boolean {
  return closedNonce(document) !== undefined;
}

export function stateOf(record: StoredRecord, now: number): State {
  if (record.expiresAt <= now) return 'expired';
  if (isClosed(record)) return 'closed';
  return decoded(record) === undefined ? 'unreadable' : 'living';
}

/** Bytes of a document. */
export function bytesOf(document: Document): number {
  return typeof document === 'string' ? Buffer.byteLength(document) : document.byteLength;
}

/** A value as tagged JSON, as it stands in a document. */
export function textOf(value: unknown): string {
  return codec.encodeValue(value);
}

/** What kind of value it is, for people. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `list of ${value.length}`;
  if (typeof value !== 'object') return typeof value === 'string' ? 'text' : typeof value;
  const name = (Object.getPrototypeOf(value) as { constructor?: { name?: string } } | null)?.constructor?.name;
  return name === undefined || name === 'Object' ? `object of ${Object.keys(value).length}` : name;
}

/** An owner's hashed name, shortened: tells owners apart, and is no name. */
export function ownerLabel(name: string): string {
  return name.slice(0, 12);
}
