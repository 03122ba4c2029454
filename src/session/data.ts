import type { Data } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';

/** The value of an own key: parsed JSON inherits from Object.prototype, and a lookup must not (R80). */
export function own(data: Data, key: string): unknown {
  return Object.hasOwn(data, key) ? data[key] : undefined;
}

/** Refuses the three names by which an assignment could reach a prototype (R80). */
export function refuseForbidden(key: string): void {
  if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
    throw new CoatcheckError('KEY_FORBIDDEN', `The key ${key} cannot be stored in a session. Choose another name.`);
  }
}

/** Whether a value can be changed in place, so that holding it means being able to edit the session. */
export function isMutable(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
