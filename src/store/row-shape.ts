import { Buffer } from 'node:buffer';
import type { Document, StoredRecord } from './contract.ts';

/*
 * The layout of a row, of everything that is put behind somebody else's `get` and `set`: that of express-session,
 * whose stores read the end of a row's life off `cookie`. The user's data stands at the top where people and tools look
 * for it, and all that is ours under one key:
 *
 *   {"cookie":{"originalMaxAge":3660000,"expires":"...","httpOnly":true,"path":"/"},
 *    "user":"ann","cart":[1],
 *    "coatcheck":{"key":"...","version":"...","expiresAt":1795280000123,"meta":{...}}}
 *
 * A document that would not come back from there to the character stands beside them as it is: `"text":"..."`, or
 * `"bytes":"..."` in base64.
 */

/** Ours in a row. */
interface Ours {
  /** The record's key: who lists rows may not be told under which keys they stand, and a column may cut keys off. */
  readonly key: string;
  /** Drawn for each write, so it never comes back. */
  readonly version: string;
  readonly expiresAt: number;
  /** Exactly one of these. With `meta`, the data are the other members of the row. */
  readonly meta?: object;
  readonly text?: string;
  readonly bytes?: string;
}

/** What a back end keeps. Not frozen: some write into it. */
export interface Row {
  readonly cookie: RowCookie;
  readonly coatcheck: Ours;
  readonly [data: string]: unknown;
}

/** What back ends write into a row beside us: session-file-store, and connect-mongo with `touchAfter`. */
const THEIRS: ReadonlySet<string> = new Set(['cookie', 'coatcheck', '__lastAccess', 'lastModified']);

/** A minute more than the record's life: the core judges expiry, a back end only cleans up. */
const SLACK_MS = 60_000;
/** Back ends take no life at all for their default one, and one in the past for "delete". */
const SHORTEST_MS = 1000;

/** The part of express-session's Cookie that its stores look at. What is no data is not enumerable, for those who copy. */
class RowCookie {
  readonly originalMaxAge: number;
  readonly expires: Date;
  readonly httpOnly: boolean = true;
  readonly path: string = '/';

  /** @param ms how long the row shall live */
  constructor(ms: number) {
    this.originalMaxAge = ms;
    this.expires = new Date(Date.now() + ms);
  }

  get maxAge(): number {
    return this.expires.getTime() - Date.now();
  }

  toJSON(): object {
    return { ...this };
  }
}

/** A new row at a new version; nobody else holds any part of it. */
export function rowOf(key: string, document: Document, expiresAt: number): Row {
  const label = { key, version: crypto.randomUUID(), expiresAt };
  const cookie = cookieUntil(expiresAt);
  if (typeof document !== 'string') return { cookie, coatcheck: { ...label, bytes: base64(document) } };
  const shaped = shapedFrom(document);
  if (shaped === undefined) return { cookie, coatcheck: { ...label, text: document } };
  return { cookie, ...shaped.data, coatcheck: { ...label, meta: shaped.meta } };
}

/** The same row with a later end. */
export function extended(row: Row, expiresAt: number): Row {
  return { ...row, cookie: cookieUntil(expiresAt), coatcheck: { ...row.coatcheck, expiresAt } };
}

/** How long a back end shall keep it, in milliseconds. */
export function lifeOf({ cookie }: Row): number {
  return cookie.originalMaxAge;
}

/** Whether what a back end gave is a row that we wrote. */
export function isRow(given: unknown): given is Row {
  const ours = isObject(given) ? given.coatcheck : undefined;
  if (!isObject(ours) || typeof ours.key !== 'string' || typeof ours.version !== 'string') return false;
  if (typeof ours.expiresAt !== 'number' || !Number.isFinite(ours.expiresAt)) return false;
  return isObject(ours.meta) || typeof ours.text === 'string' || typeof ours.bytes === 'string';
}

/** The record in a row. */
export function recordOf(row: Row): StoredRecord {
  const { version, expiresAt } = row.coatcheck;
  return { document: documentOf(row), version, expiresAt };
}

function documentOf(row: Row): Document {
  const { meta, text, bytes } = row.coatcheck;
  if (text !== undefined) return text;
  if (bytes !== undefined) return new Uint8Array(Buffer.from(bytes, 'base64'));
  const data = Object.fromEntries(Object.entries(row).filter(([name]) => !THEIRS.has(name)));
  return JSON.stringify({ meta, data });
}

/** Names that some serializer in between leaves out or calls: unstorage's and keyv's among them. */
const UNSAFE = /__proto__|"(?:constructor|toJSON)"/;

/** Data and meta, where the text is of the default codec's form and can be made of the two again. */
function shapedFrom(text: string): { readonly data: object; readonly meta: object } | undefined {
  if (!text.startsWith('{"meta":{') || UNSAFE.test(text)) return undefined;
  try {
    const { meta, data } = JSON.parse(text) as Record<string, unknown>;
    if (!isObject(meta) || !isObject(data) || Object.keys(data).some((name) => THEIRS.has(name))) return undefined;
    return JSON.stringify({ meta, data }) === text ? { data, meta } : undefined;
  } catch {
    return undefined;
  }
}

function cookieUntil(expiresAt: number): RowCookie {
  return new RowCookie(Math.max(SHORTEST_MS, Math.ceil(expiresAt - Date.now()) + SLACK_MS));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
