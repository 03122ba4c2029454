import { plainMembers } from './bounds-fast.ts';
import type { Data, DecodedRecord } from './contract.ts';
import type { Limits } from './limits.ts';

/** A record that was read, and what is known of its data. */
export interface ReadRecord extends DecodedRecord {
  /** How many members it has at all levels, where it was found plain JSON throughout and within its bounds. */
  readonly members?: number;
}

/** What of a record need not be looked at again when it is written: it is as it was read, and that was plain JSON. */
export interface Untouched {
  /** How many members the data had at all levels. */
  readonly members: number;
  /** Whether the value under a key of the data is the one that was read. */
  has(key: string): boolean;
}

/** Whether data is surely within its bounds, by a look at what is not as it was read. False says nothing. */
export function stillWithin(data: Data, untouched: Untouched, limits: Limits): boolean {
  // What was taken out is counted as if it were there.
  let members = untouched.members;
  for (const key of Object.keys(data)) {
    if (untouched.has(key)) continue;
    members++;
    const value = data[key];
    if (typeof value === 'string' && value.length > limits.bytes) return false;
    if (typeof value !== 'object' || value === null) continue;
    const within = plainMembers(value, 1, limits);
    if (within < 0) return false;
    members += within;
  }
  return members <= limits.keys;
}
