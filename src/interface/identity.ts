import type { Data } from '../codec/contract.ts';
import { isPlain } from '../codec/plain.ts';
import { own } from '../session/data.ts';

/** Keys under which applications that log people in by hand keep who it is. */
export const IDENTITY_KEYS: readonly string[] = ['user', 'userId', 'user_id', 'passport'];

/**
 * Who the data says the visitor is, as text; undefined for nobody. When this differs from what was read, authority
 * changed, and the record moves to a new key (OWASP ASVS 7.2.4): the cure for session fixation in applications that
 * write `session.user = ...` themselves.
 */
export function identityOf(data: Data, keys: readonly string[]): string | undefined {
  let identity: string | undefined;
  for (const key of keys) {
    const name = nameOf(own(data, key));
    if (name !== undefined) identity = `${identity ?? ''}${key.length}:${key}=${name.length}:${name};`;
  }
  return identity;
}

/** The primitive itself, or an object's `id`, `_id`, `user` or `sub`. */
function nameOf(value: unknown, inside = false): string | undefined {
  if (value === undefined || value === null || value === false || value === '') return undefined;
  if (typeof value !== 'object') return `${typeof value}:${String(value)}`;
  for (const member of ['id', '_id', 'user', 'sub']) {
    const inner: unknown = Object.hasOwn(value, member) ? (value as Data)[member] : undefined;
    if (inner !== undefined && inner !== null) {
      if (typeof inner !== 'object') return `${typeof inner}:${String(inner)}`;
      // Passport keeps a whole user where no serializer cut it down; an id of a class of its own says itself as text.
      return `object:${isPlain(inner) ? (inside ? 'object' : nameOf(inner, true)) : String(inner)}`;
    }
  }
  // Somebody without a name we know; an empty object, as passport leaves one for everybody, is nobody.
  return Object.keys(value).length > 0 && !Array.isArray(value) ? 'object' : undefined;
}
