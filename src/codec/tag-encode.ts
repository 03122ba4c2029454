import { CoatcheckError } from '../errors.ts';
import { ESCAPE, escapeKey, markupTag } from './flask-tags.ts';
import { isForbiddenKey, isList, isPlain, isSimple, type Path, pathText } from './plain.ts';
import { ContentError, type Tag, tagInvalid } from './tag.ts';
import type { TagRegistry } from './tag-registry.ts';
import type { Untouched } from './untouched.ts';

/** How many levels of JSON may nest, in both directions; far beyond what the bounds of a session allow. */
export const MAX_DEPTH = 500;

/**
 * Puts tags where values need them. What holds no tag is not copied: the same object comes back, and `JSON.stringify`
 * alone does the work. One walk, one instance.
 */
export class Tagging {
  readonly #tags: TagRegistry;
  readonly #custom: boolean;
  /** The keys down to the value under way; only the first `depth` entries count. */
  readonly #path: (string | number)[] = [];

  constructor(tags: TagRegistry) {
    this.#tags = tags;
    this.#custom = tags.custom;
  }

  /** A value as JSON can write it; undefined stays undefined. */
  value(value: unknown, depth: number): unknown {
    const tags = this.#tags;
    if (isSimple(value) && !this.#custom) return value;
    if (!tags.first && typeof value === 'object' && value !== null) {
      if (Array.isArray(value)) {
        if (isList(value)) return this.#array(value, depth);
      } else if (isPlain(value)) return this.object(value, depth);
    }
    return this.#ordered(value, depth);
  }

  /** A plain object, which no user's tag is asked about; nor is what is as it was read. */
  object(value: Record<string, unknown>, depth: number, untouched?: Untouched): object {
    if (depth > MAX_DEPTH) this.#tooDeep();
    let copy: Record<string, unknown> | undefined;
    let members = 0;
    let last = '';
    for (const key of Object.keys(value)) {
      if (isForbiddenKey(key)) this.#forbidden(key, depth);
      const member = value[key];
      if (untouched?.has(key) !== true && (this.#custom || !isSimple(member))) {
        this.#path[depth] = key;
        // An object literal that offers __html__ is Markup, as any other object.
        if (key === '__html__' && typeof member === 'function')
          return this.#tagged(this.#tags.get(markupTag.key) ?? markupTag, value, depth);
        const tagged = this.value(member, depth + 1);
        if (tagged === undefined) continue;
        if (tagged !== member) {
          copy ??= { ...value };
          copy[key] = tagged;
        }
      }
      members++;
      last = key;
    }
    const json = copy ?? value;
    return members === 1 && this.#tags.has(last) ? { [ESCAPE]: { [escapeKey(last)]: json[last] } } : json;
  }

  #array(list: unknown[], depth: number): unknown[] {
    if (depth > MAX_DEPTH) this.#tooDeep();
    let copy: unknown[] | undefined;
    for (let i = 0; i < list.length; i++) {
      const item = list[i];
      if (!this.#custom && isSimple(item)) continue;
      this.#path[depth] = i;
      const tagged = this.value(item, depth + 1);
      if (tagged === item) continue;
      copy ??= list.slice();
      copy[i] = tagged;
    }
    return copy ?? list;
  }

  #ordered(value: unknown, depth: number): unknown {
    for (const step of this.#tags.order) {
      if (step === 'escaped') continue;
      if (step === 'object') {
        if (typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value)) {
          return this.object(value, depth);
        }
      } else if (step === 'array') {
        if (isList(value)) return this.#array(value, depth);
      } else if (step.check(value)) return this.#tagged(step, value, depth);
    }
    // Where our own tags are left out, -0 has none.
    if (value === undefined || value === 0 || isSimple(value)) return value;
    return this.#unsupported(value, depth);
  }

  #tagged(tag: Tag, value: unknown, depth: number): object {
    const content = this.#content(tag, value, depth);
    this.#path[depth] = tag.key;
    const below = depth + 1;
    // No tag is asked about the content itself: the one that wrote it might take it again, without end.
    if (isList(content)) return { [tag.key]: this.#array(content, below) };
    if (typeof content === 'object' && content !== null && isPlain(content)) {
      return { [tag.key]: this.object(content, below) };
    }
    return { [tag.key]: this.value(content, below) };
  }

  #content(tag: Tag, value: unknown, depth: number): unknown {
    let content: unknown;
    try {
      content = tag.encode(value);
    } catch (error) {
      if (error instanceof ContentError) this.#refuse(error.message, 'store null in its place', depth);
      throw error;
    }
    if (content !== undefined) return content;
    throw tagInvalid(`The tag "${tag.key}" encoded a value as undefined; let it return null.`);
  }

  #tooDeep(): never {
    const path = pathText(this.#path.slice(0, 5));
    throw new CoatcheckError(
      'SESSION_TOO_LARGE',
      `The value at ${path}... nests deeper than ${MAX_DEPTH} levels or contains itself; store plain data without cycles.`,
    );
  }

  #forbidden(key: string, depth: number): never {
    throw new CoatcheckError('KEY_FORBIDDEN', forbiddenMessage([...this.#path.slice(0, depth), key]));
  }

  #unsupported(value: unknown, depth: number): never {
    const [what, advice] = describe(value);
    return this.#refuse(what, advice, depth);
  }

  #refuse(what: string, advice: string, depth: number): never {
    const path = pathText(this.#path.slice(0, depth));
    throw new CoatcheckError(
      'VALUE_UNSUPPORTED',
      `The value at ${path === '' ? 'the top' : path} cannot be stored: ${what}; ${advice}.`,
    );
  }
}

export function forbiddenMessage(path: Path): string {
  return `The key at ${pathText(path)} is refused at every depth, since it reaches a prototype; give it another name.`;
}

/** What a value is and what to do about it; never what it holds. */
function describe(value: unknown): [what: string, advice: string] {
  if (typeof value === 'function') return ['it is a function', 'store the data that it works on'];
  if (typeof value === 'symbol') return ['it is a symbol', 'store its description'];
  if (typeof value === 'bigint') return ['it is a bigint', 'store its text'];
  if (typeof value === 'number') return [`it is ${value}, which this format lacks`, 'store null or text'];
  const brand = Object.prototype.toString.call(value);
  if (brand === '[object Date]') {
    return ['it is an invalid date, or one that this format cannot name', 'check the date before it is stored'];
  }
  if (brand === '[object Promise]') return ['it is a promise', 'await it first'];
  if (ArrayBuffer.isView(value) || brand === '[object ArrayBuffer]') {
    return ['it is binary, but no Uint8Array', 'wrap its bytes in a Uint8Array'];
  }
  const name = className(value as object);
  return [`it is an instance of ${name}`, 'store plain data, such as { ...value }, or register a tag for it'];
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as { constructor?: unknown } | null;
  const name = typeof prototype?.constructor === 'function' ? prototype.constructor.name : '';
  return typeof name === 'string' && name !== '' ? name.slice(0, 60) : 'an unnamed class';
}
