import { CoatcheckError, type Outcome } from '../errors.ts';

/** Why a connection cannot be used, in words that go behind the server's name. */
export interface Trouble {
  readonly advice: string;
  /** No attempt can go better before somebody changes something. */
  readonly final?: boolean;
}

export const UNREACHABLE: Trouble = { advice: 'there is no connection to it now' };

/** A call that was not begun, for there is no connection. */
export function offline(verb: string, server: string, { advice }: Trouble, retryable: boolean): CoatcheckError {
  return storeFailed(`memcached store, ${verb}: ${server}: ${advice}.`, 'none', retryable);
}

/** The connection ended before the answer came. */
export function broken(verb: string, server: string, outcome: Outcome): CoatcheckError {
  const message = `memcached store, ${verb}: the connection to ${server} broke before the answer came.`;
  return storeFailed(message, outcome, true);
}

/** What was answered is no answer to what was asked, so that nothing on this connection can be trusted any more. */
export function unanswered(verb: string, server: string, outcome: Outcome): CoatcheckError {
  const message = `memcached store, ${verb}: what ${server} answered is no answer of memcached 1.6.12 or newer.`;
  return storeFailed(message, outcome, false);
}

export function closed(verb: string): CoatcheckError {
  return storeFailed(`memcached store, ${verb}: the store was closed.`, 'none', false);
}

/** What was read is no record. */
export function foreign(verb: string): CoatcheckError {
  const message = `memcached store, ${verb}: what stands under this key is no record of coatcheck: give coatcheck a \`prefix\` of its own.`;
  return storeFailed(message, 'none', false);
}

export function tooLarge(verb: string): CoatcheckError {
  return new CoatcheckError(
    'SESSION_TOO_LARGE',
    `memcached store, ${verb}: the record is larger than memcached takes. Keep large data elsewhere, or raise its item size (-I).`,
    { outcome: 'none' },
  );
}

/** The text behind SERVER_ERROR: memcached is well, and did not do it. */
export function refused(verb: string, server: string, text: string, outcome: Outcome): CoatcheckError {
  if (text.startsWith('object too large')) return tooLarge(verb);
  if (text.startsWith('out of memory')) {
    const message = `memcached store, ${verb}: ${server} has no memory for the record, and drops what stood there before: give it more (-m).`;
    return storeFailed(message, 'none', false);
  }
  const message = `memcached store, ${verb}: ${server} refused the command: look at its log.`;
  return storeFailed(message, outcome, false);
}

function storeFailed(message: string, outcome: Outcome, retryable: boolean): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', message, { outcome, retryable });
}
