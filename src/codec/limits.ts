/** How large a session may be (R82). */
export interface Limits {
  /** Bytes of the document (UTF-8 for text); no single text may be longer either. */
  readonly bytes: number;
  /** How deep objects, arrays, Maps and Sets may nest; the session's data itself is the first level. */
  readonly depth: number;
  /** Members, items and entries of all levels together. */
  readonly keys: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({ bytes: 65536, depth: 16, keys: 1000 });
