import type { Limits } from './limits.ts';
import { isForbiddenKey } from './plain.ts';

/**
 * Whether what was parsed from a JSON text is surely within its bounds by the look of the text, so that nothing is to be
 * walked. False says nothing.
 *
 * @param objects how many objects it holds at the most, none of them with a refused key, and none turned into something
 * else since
 */
export function textSurelyWithin(text: string, objects: number, limits: Limits): boolean {
  // A member takes two characters at least, and no text within is longer than the whole.
  if (text.length > limits.bytes || text.length > limits.keys * 2) return false;
  // Each level takes a bracket. Those in the middle of a text make it look deeper, never flatter.
  let levels = objects;
  for (let at = text.indexOf('['); at !== -1 && levels <= limits.depth; at = text.indexOf('[', at + 1)) levels++;
  return levels <= limits.depth;
}

/** Members that may still come in the walk under way. */
let left = 0;

/**
 * Whether a value of plain objects, arrays and scalars is surely within its bounds: the usual case, without allocating
 * anything. False says nothing; then the walk that can name the place decides.
 */
export function surelyWithin(value: object, depth: number, limits: Limits): boolean {
  left = limits.keys;
  return fits(value, depth, limits);
}

function fits(value: object, depth: number, limits: Limits): boolean {
  if (depth >= limits.depth) return false;
  if (Array.isArray(value)) {
    left -= value.length;
    if (left < 0) return false;
    for (let i = 0; i < value.length; i++) if (!fitsMember(value[i], depth, limits)) return false;
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  // Faster than Object.keys; an inherited key, if there is any, only leads to the slower walk.
  for (const key in value) {
    if (--left < 0 || isForbiddenKey(key)) return false;
    if (!fitsMember((value as Record<string, unknown>)[key], depth, limits)) return false;
  }
  return true;
}

function fitsMember(member: unknown, depth: number, limits: Limits): boolean {
  if (typeof member === 'string') return member.length <= limits.bytes;
  return typeof member !== 'object' || member === null || fits(member, depth + 1, limits);
}
