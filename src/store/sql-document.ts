import { Buffer } from 'node:buffer';
import type { Document } from './contract.ts';

/**
 * How a table keeps documents. `'json'`: in a column for JSON that keeps our text to the letter, for people to look at.
 * `'bytes'`: in one for bytes, whatever they are.
 */
export type DocumentForm = 'json' | 'bytes';

/**
 * What a column for JSON keeps. A JSON object stands there as it is; any other document is put into one:
 * `{"~text":"..."}`, or `{"~bytes":"..."}` in base64. No codec writes documents that begin like these two, so they are
 * told apart by their first letters.
 *
 * Whether a text that begins like an object is JSON is for the database to say, which looks anyway: where it refuses
 * one, `wrapped` gives what it takes.
 */
export function jsonFrom(document: Document): string {
  if (typeof document !== 'string') return `{"~bytes":"${base64(document)}"}`;
  return document.startsWith('{') && !MARK.test(document) ? document : wrapped(document);
}

/** A text that is no JSON, put into an object. */
export function wrapped(document: string): string {
  return JSON.stringify({ '~text': document });
}

const MARK = /^\{"~(?:text|bytes)":/;

/** The document in a column for JSON; undefined for what no coatcheck wrote. */
export function documentFromJson(json: string): Document | undefined {
  if (!json.startsWith('{')) return undefined;
  if (!MARK.test(json)) return json;
  try {
    const { '~text': text, '~bytes': bytes } = JSON.parse(json) as Record<string, unknown>;
    if (typeof text === 'string') return text;
    return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : undefined;
  } catch {
    return undefined;
  }
}

/** The document in a column for bytes, beside which stands whether they are a text. */
export function documentFromBytes(bytes: Uint8Array, isText: boolean): Document {
  // Not the driver's own object: a Buffer would be a part of a larger memory, and no plain Uint8Array.
  return isText ? DECODER.decode(bytes) : new Uint8Array(bytes);
}

const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
