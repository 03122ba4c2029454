import { CoatcheckError } from '../errors.ts';

/**
 * How values of one type travel through JSON: as an object with a single entry, the tag's key and the content.
 * The content may hold tagged values of its own.
 *
 * @example
 * const money: Tag<Money> = {
 *   key: ' money',
 *   check: (value) => value instanceof Money,
 *   encode: (value) => [value.amount, value.currency],
 *   decode: (content) => Money.parse(content),
 * };
 */
export interface Tag<T = any> {
  /** One space and at least one more character that is no space, such as `' money'`. */
  readonly key: string;
  /** Whether this tag encodes the value. Asked for everything that no earlier tag took; should be fast. */
  check(value: unknown): boolean;
  /** The content: anything that can be encoded, but for undefined. */
  encode(value: T): unknown;
  /**
   * The inverse. Content comes from a store: check it, and throw for what `encode` would not have written. The document
   * is then `DOCUMENT_UNREADABLE`.
   */
  decode(content: unknown): T;
  /**
   * Where in the order the tag is asked, as Flask's `index`: 0 is first, before plain objects (1) and arrays (3). Needed
   * for tags that take a special case of another tag's values. Default: last.
   */
  readonly position?: number;
}

/** Thrown by our tags for what they cannot write (`VALUE_UNSUPPORTED`) or never wrote (`DOCUMENT_UNREADABLE`). */
export class ContentError extends Error {}

/** What a tag that wants text says of other content. */
export function textContent(content: unknown): string {
  if (typeof content !== 'string') throw new ContentError('text is expected');
  return content;
}

export function tagInvalid(message: string): CoatcheckError {
  return new CoatcheckError('TAG_INVALID', message);
}
