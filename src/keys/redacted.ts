const HIDDEN = '[redacted]';

/**
 * Holds a secret so that it appears in no log, error, trace, JSON or string by accident (R104): only `reveal()` gives
 * it out, and that word is easy to search for. Inspectors of every runtime show a private field to nobody.
 *
 * @example
 * JSON.stringify({ secret: new Redacted(bytes) }); // {"secret":"[redacted]"}
 */
export class Redacted<T> {
  readonly #value: T;

  constructor(value: T) {
    this.#value = value;
  }

  /** The secret itself. Never keep it in a property. */
  reveal(): T {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }
}
