import { type Clock, systemClock } from '../clock.ts';
import { CoatcheckError } from '../errors.ts';
import { isId } from '../keys/ids.ts';
import type { KeyRing } from '../keys/ring.ts';
import { signId, verifyId } from '../keys/sign.ts';

/** How an id is written into the cookie and read back. */
export interface Tickets {
  /**
   * The id, if the cookie's value is a ticket of the right shape; undefined otherwise, before any store is asked (R6).
   * `reissue`: the ticket is good but not as it would be written today, so send it anew.
   */
  read(value: string): TicketReading | undefined;
  write(id: string): string;
}

export interface TicketReading {
  readonly id: string;
  readonly reissue: boolean;
}

export interface SignedTicketsOptions {
  /** Until when bare ids are still read, and answered with a signed ticket: for the change from plain tickets. */
  readonly acceptPlainUntil?: Date | undefined;
  readonly clock?: Clock | undefined;
}

/** The default: the ticket is the bare id. A secret somewhere in the settings does not change that. */
export function plainTickets(): Tickets {
  return {
    read: (value) => (isId(value) ? { id: value, reissue: false } : undefined),
    write: (id) => id,
  };
}

/**
 * `tickets: 'signed'`: a forged id is refused without a store call. Tickets of an old secret, and bare ids until
 * `acceptPlainUntil`, are read and asked to be written anew.
 *
 * @throws CoatcheckError `OPTION_INVALID` if `acceptPlainUntil` is no valid Date: the door for bare ids always closes
 *
 * @example
 * signedTickets(ring, { acceptPlainUntil: new Date('2027-01-31') });
 */
export function signedTickets(ring: KeyRing, options: SignedTicketsOptions = {}): Tickets {
  const { acceptPlainUntil, clock = systemClock } = options;
  const plainUntil = acceptPlainUntil === undefined ? -Infinity : endOf(acceptPlainUntil);
  return {
    read(value) {
      const signed = verifyId(ring, value);
      if (signed !== undefined) return { id: signed.id, reissue: signed.stale };
      return isId(value) && clock.now() < plainUntil ? { id: value, reissue: true } : undefined;
    },
    write: (id) => signId(ring, id),
  };
}

function endOf(date: unknown): number {
  const time = date instanceof Date ? date.getTime() : NaN;
  if (!Number.isNaN(time)) return time;
  throw new CoatcheckError(
    'OPTION_INVALID',
    "acceptPlainUntil must be a valid Date, such as new Date('2027-01-31'): the day on which bare ids end.",
  );
}
