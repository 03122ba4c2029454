import { closedDocument, closedNonce } from '../codec/closed.ts';
import { newNonce } from '../keys/nonce.ts';
import type { Document } from './contract.ts';

/*
 * What stands in the new store in place of a record that was destroyed. To the migrating store it is no record at all;
 * to the new store alone, once the migration is over, it is a closed one, which nobody comes back to either.
 */
const ERASED = '~erased.';

/** One of its own each time, so that who wrote it knows it again. */
export function erasedDocument(): string {
  return closedDocument(ERASED + newNonce());
}

export function isErased(document: Document): boolean {
  return closedNonce(document)?.startsWith(ERASED) === true;
}

export function isClosed(document: Document): boolean {
  return closedNonce(document) !== undefined;
}
