import { CoatcheckError } from '../errors.ts';
import { ESCAPE } from './flask-tags.ts';
import { isForbiddenKey, isList } from './plain.ts';
import { ContentError, type Tag } from './tag.ts';
import { MAX_DEPTH } from './tag-encode.ts';
import type { TagRegistry } from './tag-registry.ts';

export function unreadable(what: string, cause?: unknown): CoatcheckError {
  return new CoatcheckError('DOCUMENT_UNREADABLE', `The document cannot be read: ${what}.`, { cause });
}

/** Parses JSON. The parser's own message quotes the text, and a session's text is nobody's to log. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON');
  }
}

/**
 * Turns tagged values back, in the parsed value itself, which must be nobody else's. The text it was parsed from tells
 * whether there is anything to look for: most sessions hold no tag, and then nothing is walked.
 */
export function untag(parsed: unknown, text: string, tags: TagRegistry): unknown {
  if (typeof parsed !== 'object' || parsed === null) return parsed;
  return plainObjects(text) < 0 ? walk(parsed, tags, 0) : parsed;
}

/**
 * How many objects the text holds at the most, where none of them is a tag and no key is a refused one: nothing is to be
 * turned back then. -1 where one may be, sometimes when none is.
 */
export function plainObjects(text: string): number {
  if (mayHoldForbiddenKey(text)) return -1;
  let objects = 0;
  for (let at = text.indexOf('{'); at !== -1; at = text.indexOf('{', at)) {
    let code = text.charCodeAt(++at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++at);
    // A tag's key begins with a space, and is the first one of its object.
    if (code === 0x22 && text.charCodeAt(at + 1) === 0x20) return -1;
    objects++;
  }
  return objects;
}

/** Whether a refused key may be in the text, or an escape that can spell one (or a tag's space). */
function mayHoldForbiddenKey(text: string): boolean {
  return text.includes('proto') || text.includes('constructor') || text.includes('\\u00');
}

function walk(value: object, tags: TagRegistry, depth: number): unknown {
  if (depth > MAX_DEPTH) throw unreadable(`it nests deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      if (typeof item === 'object' && item !== null) value[i] = walk(item, tags, depth + 1);
    }
    return value;
  }
  const object = value as Record<string, unknown>;
  const keys = Object.keys(object);
  for (const key of keys) {
    if (isForbiddenKey(key)) throw unreadable('it holds a key that reaches a prototype');
    const member = object[key];
    if (typeof member === 'object' && member !== null) object[key] = walk(member, tags, depth + 1);
  }
  const [key] = keys;
  if (keys.length !== 1 || key === undefined || !tags.has(key)) return object;
  return key === ESCAPE ? unescaped(object[key]) : decode(tags.get(key), object[key]);
}

function unescaped(content: unknown): object {
  const keys = typeof content === 'object' && content !== null && !isList(content) ? Object.keys(content) : [];
  const [key] = keys;
  if (keys.length !== 1 || key === undefined || !key.endsWith('__')) {
    throw unreadable(`the tag "${ESCAPE}" holds no escaped object`);
  }
  const name = key.slice(0, -2);
  if (isForbiddenKey(name)) throw unreadable('it holds a key that reaches a prototype');
  return { [name]: (content as Record<string, unknown>)[key] };
}

function decode(tag: Tag | undefined, content: unknown): unknown {
  if (tag === undefined) return content;
  try {
    return tag.decode(content);
  } catch (error) {
    if (error instanceof ContentError)
      throw unreadable(`the tag "${tag.key}" holds what it never writes: ${error.message}`);
    throw unreadable(`the tag "${tag.key}" could not decode what it holds`, error);
  }
}
