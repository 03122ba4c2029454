import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../errors.ts';
import type { Document, StoredRecord, Version } from './contract.ts';

/*
 * A value is a header of 19 bytes, and the document:
 *
 *   0  '1'       the number of this layout
 *   1  't' 'b'   the document is text in UTF-8, or bytes
 *   2  expiresAt 16 digits, milliseconds since 1970
 *  18  newline
 */
const EXPIRES_AT = 2;
const NEWLINE_AT = 18;
const DIGITS = 16;
const MAX_TIME = 8.64e15;

export const HEADER_BYTES = 19;

const ONE = 49;
const TEXT = 116;
const BYTES = 98;
const NEWLINE = 10;
const ZERO = 48;

const END: Buffer = Buffer.from('\r\n');

/** What stands behind the line of an `ms`: the value and its line end. */
export interface Encoded {
  /** Of the value alone. */
  readonly bytes: number;
  readonly block: string | Buffer;
}

export function encodeValue(document: Document, expiresAt: number): Encoded {
  if (typeof document === 'string') {
    const bytes = HEADER_BYTES + Buffer.byteLength(document);
    return { bytes, block: `1t${digits(expiresAt)}\n${document}\r\n` };
  }
  const head = Buffer.from(`1b${digits(expiresAt)}\n`);
  return { bytes: HEADER_BYTES + document.byteLength, block: Buffer.concat([head, document, END]) };
}

/** The same value with another end of its life. */
export function withExpiry(value: Buffer, expiresAt: number): Encoded {
  const block = Buffer.concat([value, END]);
  block.write(digits(expiresAt), EXPIRES_AT, 'latin1');
  return { bytes: value.byteLength, block };
}

/** The record in a value; undefined for what no coatcheck wrote. */
export function decodeValue(value: Buffer, version: Version): StoredRecord | undefined {
  const expiresAt = expiryOf(value);
  if (expiresAt === undefined) return undefined;
  const document =
    value[1] === TEXT ? value.toString('utf8', HEADER_BYTES) : new Uint8Array(value.subarray(HEADER_BYTES));
  return { document, version, expiresAt };
}

/** Undefined for what no coatcheck wrote. */
export function expiryOf(value: Buffer): number | undefined {
  if (value[0] !== ONE || (value[1] !== TEXT && value[1] !== BYTES) || value[NEWLINE_AT] !== NEWLINE) return undefined;
  let time = 0;
  for (let at = EXPIRES_AT; at < NEWLINE_AT; at++) {
    const digit = (value[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    time = time * 10 + digit;
  }
  return time;
}

/** The 16 digits of a time. A fraction of a millisecond is rounded up. */
function digits(time: number): string {
  if (time >= 0 && time <= MAX_TIME) return String(Math.ceil(time)).padStart(DIGITS, '0');
  throw new CoatcheckError('OPTION_INVALID', 'memcached store: a time must be milliseconds since 1970.', {
    outcome: 'none',
  });
}

/** How much longer than the record's life memcached keeps it, in seconds. */
const SLACK = 60;
/** Beyond 30 days memcached takes seconds for a moment since 1970 (protocol.txt, "Expiration times"). */
const LONGEST = 30 * 24 * 3600;
/** What memcached reads as a moment is a signed number of 32 bits, which ends in 2038. */
const LAST_MOMENT = 2 ** 31 - 1;

/** What `T` is told. 0 is for ever: memcached then drops the item when it needs the room. */
export function ttlOf(expiresAt: number): number {
  const now = Date.now();
  const seconds = Math.max(0, Math.ceil((expiresAt - now) / 1000)) + SLACK;
  if (seconds <= LONGEST) return seconds;
  const moment = Math.floor(now / 1000) + seconds;
  return moment <= LAST_MOMENT ? moment : 0;
}
