// Bundlers load modules twice; a brand knows the other copy's instances, `instanceof` does not.
const TUPLE = Symbol.for('coatcheck.tuple');
const UUID = Symbol.for('coatcheck.uuid');

export function isTuple(value: unknown): value is Tuple {
  return Array.isArray(value) && (value as { [TUPLE]?: unknown })[TUPLE] === true;
}

export function isUuid(value: unknown): value is Uuid {
  return typeof value === 'object' && value !== null && (value as { [UUID]?: unknown })[UUID] === true;
}

/**
 * A list that must come back as a tuple, not as an array: for records that Python shares, where the two differ.
 * Frozen when made by `of` or `from`; `map`, `filter` and the like give plain arrays.
 *
 * @example
 * session.point = Tuple.of(3, 4); // Flask reads (3, 4)
 */
export class Tuple<T = unknown> extends Array<T> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  static override of<T>(...items: T[]): Tuple<T> {
    return Tuple.from(items);
  }

  static override from<T>(items: Iterable<T> | ArrayLike<T>): Tuple<T>;
  static override from<T, U>(items: Iterable<T> | ArrayLike<T>, map: (item: T, index: number) => U): Tuple<U>;
  static override from(items: ArrayLike<unknown>, map?: (item: unknown, index: number) => unknown): Tuple {
    const source = map === undefined ? Array.from(items) : Array.from(items, map);
    const tuple = new Tuple<unknown>();
    for (const item of source) tuple.push(item);
    return Object.freeze(tuple) as Tuple;
  }
}

/**
 * Text that is HTML already and must not be escaped again: markupsafe's Markup. Templates that look for `__html__`
 * find it.
 *
 * @example
 * session.notice = new Markup('<b>Saved</b>');
 */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = String(html);
  }

  __html__(): string {
    return this.html;
  }

  toString(): string {
    return this.html;
  }
}

const SPELLING = /^[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}$/;

/**
 * A UUID that Python reads as one. Takes 32 hex digits with or without the four dashes, in any case.
 *
 * @throws TypeError for any other text.
 * @example
 * new Uuid('2F1ACC9B4C7E4B0E8D6A0C1B2A3D4E5F').toString(); // '2f1acc9b-4c7e-4b0e-8d6a-0c1b2a3d4e5f'
 */
export class Uuid {
  /** 32 lower-case hex digits. */
  readonly hex: string;

  constructor(text: string) {
    const lower = String(text).toLowerCase();
    if (!SPELLING.test(lower))
      throw new TypeError('a UUID is 32 hex digits, with dashes after 8, 12, 16 and 20 or without');
    this.hex = lower.replaceAll('-', '');
  }

  toString(): string {
    const { hex } = this;
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }
}

for (const [type, brand] of [
  [Tuple, TUPLE],
  [Uuid, UUID],
] as const)
  Object.defineProperty(type.prototype, brand, { value: true });
