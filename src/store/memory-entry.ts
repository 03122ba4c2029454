import type { Document, Owner } from './contract.ts';

export interface Entry {
  readonly key: string;
  /** Its place for life in the table: what makes scan and sweep walk in small steps while others write. */
  readonly slot: number;
  document: Document;
  bytes: number;
  version: number;
  expiresAt: number;
  owner: Owner | undefined;
  older: Entry | undefined;
  newer: Entry | undefined;
}

/**
 * What V8 keeps: one byte a character, or two where any of them is beyond Latin-1. The pattern cannot match in a
 * one-byte string, so the engine answers for those without looking at the text.
 */
export function sizeOf(document: Document): number {
  if (typeof document !== 'string') return document.byteLength;
  return /[\u0100-\uffff]/.test(document) ? document.length * 2 : document.length;
}
