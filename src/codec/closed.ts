import { CoatcheckError } from '../errors.ts';
import type { Document } from '../store/contract.ts';

// The beginning is compact, but a JSON column may give the text back with white space of its own.
const BEGINNING = /^\s*\{\s*"~closed"/;
const COMPACT = '{"~closed"';
/** More than the beginning and any white space that a database puts in. */
const HEAD = 64;

/**
 * What stands in place of a record whose ticket was rotated away or logged out a moment ago. Valid JSON, so that a JSON
 * column takes it. The nonce tells a claim whose answer was lost that it was its own.
 */
export function closedDocument(nonce: string): string {
  return `${COMPACT}:${JSON.stringify(nonce)}}`;
}

/**
 * The nonce of a closed document; undefined for every other document. A document that begins like a closed one and is
 * damaged is closed all the same, with the nonce `''`, which is nobody's.
 */
export function closedNonce(document: Document): string | undefined {
  if (!beginsClosed(document)) return undefined;
  const text = typeof document === 'string' ? document : new TextDecoder().decode(document);
  try {
    const nonce: unknown = (JSON.parse(text) as { '~closed'?: unknown })['~closed'];
    return typeof nonce === 'string' ? nonce : '';
  } catch {
    return '';
  }
}

/**
 * Sees to it that no codec writes what reads as closed.
 *
 * @throws CoatcheckError `CODEC_RESERVED`.
 */
export function refuseReserved(document: Document): void {
  if (beginsClosed(document)) {
    throw new CoatcheckError(
      'CODEC_RESERVED',
      `The codec wrote a document that begins with ${COMPACT}, which is reserved; let it begin with anything else.`,
    );
  }
}

function beginsClosed(document: Document): boolean {
  if (typeof document === 'string') {
    if (document.startsWith('{"')) return document.startsWith(COMPACT);
    return /^[\s{]/.test(document) && BEGINNING.test(document);
  }
  const first = document[0];
  // `{` or white space; anything else never costs a decoder.
  if (first !== 0x7b && !(first !== undefined && first <= 0x20)) return false;
  return BEGINNING.test(new TextDecoder('utf-8', { ignoreBOM: true }).decode(document.subarray(0, HEAD)));
}
