import type { Limits } from './limits.ts';
import { isForbiddenKey, isSimple } from './plain.ts';

const SPACE = 0x20;

/** Members that may still come in the walk under way. */
let left = 0;

/**
 * How many members, items included, a value has at all levels, where it is surely within its bounds and surely holds
 * nothing that JSON has no word for, and no object that reads as a tag: the usual case, without allocating anything. -1
 * says nothing; then a walk decides that can name the place.
 */
export function plainMembers(value: object, depth: number, limits: Limits): number {
  left = limits.keys;
  return fits(value, depth, limits) ? limits.keys - left : -1;
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
  let keys = 0;
  let last = '';
  // Faster than Object.keys; an inherited key, if there is any, only leads to the slower walk.
  for (const key in value) {
    if (--left < 0 || isForbiddenKey(key)) return false;
    if (!fitsMember((value as Record<string, unknown>)[key], depth, limits)) return false;
    keys++;
    last = key;
  }
  return keys !== 1 || last.charCodeAt(0) !== SPACE;
}

function fitsMember(member: unknown, depth: number, limits: Limits): boolean {
  if (typeof member === 'string') return member.length <= limits.bytes;
  if (typeof member === 'object') return member === null || fits(member, depth + 1, limits);
  return typeof member !== 'number' || isSimple(member);
}
