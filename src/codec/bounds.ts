import { CoatcheckError } from '../errors.ts';
import type { Document } from '../store/contract.ts';
import { plainMembers } from './bounds-fast.ts';
import type { Limits } from './limits.ts';
import { isForbiddenKey, type Path, pathText } from './plain.ts';
import { forbiddenMessage } from './tag-encode.ts';

export { DEFAULT_LIMITS, type Limits } from './limits.ts';

/**
 * Walks a value, whatever codec will encode it, and looks at depth, number of keys, length of texts and refused keys.
 * Looks at own properties only; Maps, Sets and arrays count as objects do.
 *
 * @param path Where in the data the value stands, for the message and the depth: a top-level key, or several. Without it
 * the value is the data itself.
 * @throws CoatcheckError `SESSION_TOO_LARGE` (413), `KEY_FORBIDDEN` (400).
 * @example
 * checkBounds(cart, DEFAULT_LIMITS, 'cart');
 */
export function checkBounds(value: unknown, limits: Limits, path: string | Path = []): void {
  if (isLeaf(value, limits)) return;
  if (plainMembers(value as object, typeof path === 'string' ? 1 : path.length, limits) >= 0) return;
  const base = typeof path === 'string' ? [path] : path;
  new Walk(limits, base).into(value as object, base.length);
}

/** @throws CoatcheckError `SESSION_TOO_LARGE` for a document of more bytes than allowed. */
export function checkDocument(document: Document, limits: Limits): void {
  if (isLonger(document, limits.bytes)) {
    throw tooLarge('The session', `takes more than ${limits.bytes} bytes`);
  }
}

class Walk {
  readonly #limits: Limits;
  readonly #path: (string | number)[];
  #left: number;

  constructor(limits: Limits, base: Path) {
    this.#limits = limits;
    this.#path = [...base];
    this.#left = limits.keys;
  }

  into(value: object, depth: number): void {
    if (depth >= this.#limits.depth) {
      throw tooLarge(this.#place(depth), `nests deeper than ${this.#limits.depth} levels, or contains itself`);
    }
    if (Array.isArray(value)) this.#list(value, depth);
    else if (value instanceof Map) this.#map(value, depth);
    else if (value instanceof Set) this.#set(value, depth);
    else this.#object(value as Record<string, unknown>, depth);
  }

  #object(value: Record<string, unknown>, depth: number): void {
    const keys = Object.keys(value);
    this.#count(keys.length, depth);
    for (const key of keys) {
      if (isForbiddenKey(key)) {
        throw new CoatcheckError('KEY_FORBIDDEN', forbiddenMessage([...this.#path.slice(0, depth), key]));
      }
      this.#member(value[key], key, depth);
    }
  }

  #list(list: unknown[], depth: number): void {
    // Counted before it is walked: a length can be set to anything.
    this.#count(list.length, depth);
    for (let i = 0; i < list.length; i++) this.#member(list[i], i, depth);
  }

  #map(map: Map<unknown, unknown>, depth: number): void {
    this.#count(map.size, depth);
    let i = 0;
    for (const [key, item] of map) {
      this.#member(key, i, depth);
      this.#member(item, i++, depth);
    }
  }

  #set(set: Set<unknown>, depth: number): void {
    this.#count(set.size, depth);
    let i = 0;
    for (const item of set) this.#member(item, i++, depth);
  }

  #member(member: unknown, key: string | number, depth: number): void {
    if (typeof member === 'number' || typeof member === 'boolean' || member === null) return;
    if (typeof member === 'string' && member.length <= this.#limits.bytes) return;
    this.#path[depth] = key;
    if (!isLeaf(member, this.#limits, () => this.#place(depth + 1))) this.into(member as object, depth + 1);
  }

  #count(members: number, depth: number): void {
    this.#left -= members;
    if (this.#left < 0) throw tooLarge(this.#place(depth), `brings the session over ${this.#limits.keys} keys`);
  }

  #place(depth: number): string {
    const path = pathText(this.#path.slice(0, depth));
    return path === '' ? 'The session' : `The value at ${path}`;
  }
}

/** Whether there is nothing to walk into. Binary data has a key for every byte, which nobody means. */
function isLeaf(value: unknown, limits: Limits, place: () => string = () => 'The value'): boolean {
  if (typeof value === 'string' || ArrayBuffer.isView(value)) {
    const length = typeof value === 'string' ? value.length : value.byteLength;
    if (length > limits.bytes) throw tooLarge(place(), `takes more than ${limits.bytes} bytes`);
    return true;
  }
  return typeof value !== 'object' || value === null;
}

/** Counts UTF-8 bytes only where the length in UTF-16 units leaves it open. */
function isLonger(document: Document, bytes: number): boolean {
  if (typeof document !== 'string') return document.byteLength > bytes;
  if (document.length > bytes) return true;
  return document.length * 3 > bytes && new TextEncoder().encode(document).byteLength > bytes;
}

function tooLarge(place: string, what: string): CoatcheckError {
  return new CoatcheckError(
    'SESSION_TOO_LARGE',
    `${place} ${what}; keep large data in a database of yours and only its key in the session, or raise the limit.`,
  );
}
