import type { Meta } from '../codec/contract.ts';
import { addressGroup } from './address.ts';

/**
 * Whether a session belongs to the address where it began. `'ip'` is Quart-Session's protection: a request from another
 * address ends the session. IPv6 addresses count by their /64; an address that is not known says nothing.
 */
export type Bind = 'none' | 'ip';

/** Whether a record belongs to another place than the one it is asked for from. */
export function isElsewhere(meta: Meta, place: string | undefined): boolean {
  if (place === undefined) return false;
  const home = addressGroup(meta.address);
  return home !== undefined && home !== place;
}

/** The meta of a record that belongs to a place from now on, if it belongs to none yet. */
export function boundTo(meta: Meta, place: string | undefined): Meta {
  return place === undefined || addressGroup(meta.address) !== undefined ? meta : { ...meta, address: place };
}
