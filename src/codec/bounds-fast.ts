import type { Limits } from './limits.ts';
import { isForbiddenKey } from './plain.ts';

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
