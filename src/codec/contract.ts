import type { Document } from '../store/contract.ts';

/** The user's part of a record: any keys but `__proto__`, `constructor` and `prototype`. */
export type Data = Record<string, unknown>;

/** What a real login left behind (R31); absent for anonymous sessions. */
export interface Authenticated {
  readonly user: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly methods?: readonly string[];
  readonly version?: string | number;
}

/** Our part of a record. Grows additively: unknown members are kept by every writer. */
export interface Meta {
  /** When the session began (ms since 1970); moved by no rotation and no touch. */
  readonly created: number;
  readonly authenticated?: Authenticated;
  readonly address?: string;
  /** The session lives by `lifetime.permanent`. */
  readonly permanent?: boolean;
  /** Keys of records that end with this session. */
  readonly linked?: readonly string[];
  /** How many commits the record has seen. */
  readonly commits: number;
  /** What the last eight commits left behind, the latest last: how a commit recognises itself. */
  readonly nonces: readonly string[];
  readonly [later: string]: unknown;
}

/** A record in memory. */
export interface DecodedRecord {
  readonly data: Data;
  readonly meta: Meta;
}

/**
 * Turns a record into a document and back. Swapped in by `createSessions({ codec })`; any object with these two verbs
 * will do.
 *
 * `encode` throws CoatcheckError `VALUE_UNSUPPORTED` for a value that it cannot give back as it was. `decode` throws
 * whatever it likes for a document that is not its own: the visitor then has a new session and `rejected` is told.
 * A document of a later format is `DOCUMENT_NEWER`.
 */
export interface Codec {
  encode(record: DecodedRecord): Document;
  decode(document: Document): DecodedRecord;
  /** One value as text, where that is cheaper than a whole record: equal texts mean equal values. */
  encodeValue?(value: unknown): string;
  /** The inverse of `encodeValue`. */
  decodeValue?(text: string): unknown;
}
