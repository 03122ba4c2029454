import { CoatcheckError } from '../errors.ts';
import { asciiText, sortedText } from './json-text.ts';
import type { Tag } from './tag.ts';
import { parseJson, untag } from './tag-decode.ts';
import { Tagging } from './tag-encode.ts';
import { TagRegistry } from './tag-registry.ts';
import type { Untouched } from './untouched.ts';

export interface TaggedJsonOptions {
  /** Object keys in the order of their code points, at every level. Default false: in their own order. */
  readonly sortKeys?: boolean;
  /** Everything outside U+0020 to U+007E as `\uXXXX`. Default false. */
  readonly ascii?: boolean;
  /**
   * Flask's six tags and no others, for text that Python applications write too: dates lose what is below the second as
   * they do there, and Map, Set, bigint, URL and the numbers that JSON lacks are `VALUE_UNSUPPORTED`. Default false.
   */
  readonly flaskOnly?: boolean;
  /** Registered at once, in this order. */
  readonly tags?: readonly Tag[];
}

/**
 * JSON that keeps types: values that JSON has no word for become an object with one entry, the tag's key and the
 * content. Flask's tagged JSON with Flask's tags, and some of our own; `docs/format.md` lists them all.
 *
 * With `{ sortKeys: true, ascii: true, flaskOnly: true }` the text equals that of Flask's session cookie byte for byte.
 *
 * @example
 * const json = new TaggedJson();
 * json.dumps({ at: new Date(0), tags: new Set(['a']) });
 * // {"at":{" d":"Thu, 01 Jan 1970 00:00:00 GMT"},"tags":{" S":["a"]}}
 */
export class TaggedJson {
  readonly #tags: TagRegistry;
  readonly #sortKeys: boolean;
  readonly #ascii: boolean;

  constructor(options: TaggedJsonOptions = {}) {
    this.#tags = new TagRegistry(options.flaskOnly ?? false);
    this.#sortKeys = options.sortKeys ?? false;
    this.#ascii = options.ascii ?? false;
    for (const tag of options.tags ?? []) this.register(tag);
  }

  /**
   * Adds a tag; text that was written before stays readable.
   *
   * @throws CoatcheckError `TAG_INVALID` for a key that is taken (unless `force` is set: then the tag takes the place of
   * the old one) or that does not begin with one space, and for a tag without its three functions.
   */
  register(tag: Tag, options: { readonly force?: boolean } = {}): this {
    this.#tags.add(tag, options.force ?? false);
    return this;
  }

  /**
   * A value as text. As in JSON, members that are undefined are left out, undefined in a list becomes null, and keys that
   * are symbols do not count.
   *
   * @throws CoatcheckError `VALUE_UNSUPPORTED` for what could not be read back as it was, with its place;
   * `KEY_FORBIDDEN` for `__proto__`, `constructor` and `prototype` as keys of objects at any depth;
   * `SESSION_TOO_LARGE` for values that contain themselves.
   */
  dumps(value: unknown): string {
    const tagged = new Tagging(this.#tags).value(value, 0);
    if (tagged === undefined) {
      throw new CoatcheckError('VALUE_UNSUPPORTED', 'undefined cannot be stored; delete the key, or store null.');
    }
    return this.#text(tagged);
  }

  /**
   * A plain object as text, as `dumps` but that no user's tag takes the object itself.
   *
   * @param untouched what of it holds no tag, and is not walked
   */
  dumpsObject(object: Record<string, unknown>, untouched?: Untouched): string {
    return this.#text(new Tagging(this.#tags).object(object, 0, untouched));
  }

  /**
   * The inverse of `dumps`.
   *
   * @throws CoatcheckError `DOCUMENT_UNREADABLE` for text that is not JSON, tags that hold what they never write, and
   * refused keys.
   */
  loads(text: string): unknown {
    return this.untag(parseJson(text), text);
  }

  /** The second half of `loads`, for who parsed the text already; changes `parsed` in place. */
  untag(parsed: unknown, text: string): unknown {
    return untag(parsed, text, this.#tags);
  }

  #text(tagged: unknown): string {
    const json = this.#sortKeys ? sortedText(tagged, this.#ascii) : JSON.stringify(tagged);
    return this.#ascii ? asciiText(json) : json;
  }
}
