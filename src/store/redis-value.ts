import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
import type { Document, Owner, StoredRecord } from './contract.ts';

/*
 * A value is one line of header, a newline, and the document:
 *
 *   0  '1'       the number of this layout
 *   1  't' 'b'   the document is text, or bytes in base64: a client that is set up for text is enough then
 *   2  version   16 characters
 *  18  expiresAt 16 digits, milliseconds since 1970
 *  34  owner     3 digits: how many characters the owner takes, 000 for nobody
 *  37  until     16 digits  \ only where there is an owner
 *  53  name                 /
 */
const VERSION_AT = 2;
const EXPIRES_AT = 18;
const LENGTH_AT = 34;
const OWNER_AT = 37;
const NAME_AT = 53;
const DIGITS = 16;
const MAX_TIME = 8.64e15;

const ONE = 49;
const TEXT = 116;
const BYTES = 98;
const NEWLINE = 10;

/** Names are hashes of 64 characters; the length has three digits. */
const MAX_NAME = 256;

/** As much of a value as holds every header. */
export const HEADER_END: number = NAME_AT + MAX_NAME;
/** A string of Redis ends at 512 MB and one of V8 a little earlier; base64 makes four bytes of three. */
export const MAX_BYTES: number = Math.floor(((512 * 1024 * 1024 - 4096) * 3) / 4);

/** What is written: header and document. */
export function encodeValue(version: string, document: Document, expiresAt: number, owner: Owner | undefined): string {
  const isText = typeof document === 'string';
  // Each part more is a string more to be put together when it is sent.
  if (isText && owner === undefined) return `1t${version}${digits(expiresAt)}000\n${document}`;
  const head = `${isText ? '1t' : '1b'}${version}${digits(expiresAt)}`;
  return `${head}${owner === undefined ? '000' : ownerPart(owner)}\n${isText ? document : base64(document)}`;
}

/** The record in a value; undefined for what no coatcheck wrote. */
export function decodeValue(value: string): StoredRecord | undefined {
  const owned = ownerLength(value);
  if (owned === undefined) return undefined;
  const owner = owned === 0 ? undefined : ownerOf(value, owned);
  if (owned !== 0 && owner === undefined) return undefined;
  const text = value.slice(OWNER_AT + owned + 1);
  return {
    document: value.charCodeAt(1) === TEXT ? text : new Uint8Array(Buffer.from(text, 'base64')),
    version: value.slice(VERSION_AT, EXPIRES_AT),
    expiresAt: expiryOf(value),
    owner,
  };
}

/** What the header tells, of a value or its beginning; undefined for what no coatcheck wrote. */
export function decodeHeader(value: string): { expiresAt: number; owner: string | undefined } | undefined {
  const owned = ownerLength(value);
  if (owned === undefined) return undefined;
  const owner = owned === 0 ? undefined : ownerOf(value, owned);
  if (owned !== 0 && owner === undefined) return undefined;
  return { expiresAt: expiryOf(value), owner: owner?.name };
}

/** The 16 digits of a time, as the scripts put them into a header. A fraction of a millisecond is rounded up. */
export function digits(time: number): string {
  // From 2001 to 2286, and a whole number as nearly all are.
  if (time >= 1e12 && time < 1e13 && Number.isInteger(time)) return `000${time}`;
  if (time >= 0 && time <= MAX_TIME) return String(Math.ceil(time)).padStart(DIGITS, '0');
  throw new CoatcheckError('OPTION_INVALID', 'Redis store: a time must be milliseconds since 1970.', {
    outcome: 'none',
  });
}

function ownerLength(value: string): number | undefined {
  const kind = value.charCodeAt(1);
  if (value.charCodeAt(0) !== ONE || (kind !== TEXT && kind !== BYTES)) return undefined;
  const length =
    (value.charCodeAt(LENGTH_AT) - 48) * 100 +
    (value.charCodeAt(LENGTH_AT + 1) - 48) * 10 +
    (value.charCodeAt(LENGTH_AT + 2) - 48);
  return value.charCodeAt(OWNER_AT + length) === NEWLINE && expiryOf(value) >= 0 ? length : undefined;
}

function expiryOf(value: string): number {
  return Number(value.slice(EXPIRES_AT, LENGTH_AT));
}

function ownerPart({ name, until }: Owner): string {
  // Percent-encoded, so that a character is a byte: Redis counts bytes and we characters. A hash stays as it is.
  const encoded = encodeURIComponent(name);
  if (encoded.length > MAX_NAME) {
    throw new CoatcheckError('OPTION_INVALID', 'Redis store: the name of an owner must be a hash, not a long text.', {
      outcome: 'none',
    });
  }
  return `${String(DIGITS + encoded.length).padStart(3, '0')}${digits(until)}${encoded}`;
}

/** Undefined for what no coatcheck wrote. */
function ownerOf(value: string, length: number): Owner | undefined {
  const name = value.slice(NAME_AT, OWNER_AT + length);
  const until = Number(value.slice(OWNER_AT, NAME_AT));
  if (length < DIGITS || !(until >= 0)) return undefined;
  if (!name.includes('%')) return { name, until };
  try {
    return { name: decodeURIComponent(name), until };
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
