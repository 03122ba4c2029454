import { CoatcheckError, type Outcome } from '../errors.ts';

/** A connection that was not there or broke: another attempt has a new one. */
const LOST = /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|PROTOCOL_CONNECTION_LOST|57P0[123]|08\w{3})$/;
const LOST_BY_NAME = /^(?:SocketClosedUnexpectedlyError|ClientOfflineError|DisconnectsClientError|Connection\w*Error)$/;

/**
 * What a back end threw or called back with, as an error of ours.
 *
 * @param store whose it is, for the message: `keyv store`
 */
export function rowFailure(error: unknown, store: string, verb: string, outcome: Outcome): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const cause = withoutSecrets(error);
  const lost = LOST.test(codeOf(error)) || LOST_BY_NAME.test(cause.name);
  return new CoatcheckError('STORE_FAILED', `${store}, ${verb}: ${lost ? GONE : 'it failed: see `cause`'}.`, {
    cause,
    outcome,
    retryable: lost,
  });
}

const GONE = 'its connection was lost, or there is none';

/** What was read is no record of this key. */
export function foreignRow(store: string, verb: string, mixedUp: boolean): CoatcheckError {
  const what = mixedUp
    ? 'the row under this key belongs to another key: does a column cut keys off? They have up to 97 characters'
    : 'what stands under this key was not written by coatcheck: give coatcheck a prefix, table or folder of its own';
  return new CoatcheckError('STORE_FAILED', `${store}, ${verb}: ${what}.`, { outcome: 'none' });
}

/** No answer came, by callback or promise. */
export function noAnswer(store: string, verb: string, ms: number, outcome: Outcome): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `${store}, ${verb}: it did not answer within ${ms / 1000} seconds. Look at what is behind it.`,
    { outcome },
  );
}

/** Calls to the same key before this one are not answered. */
export function waitedInVain(store: string, verb: string, ms: number): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `${store}, ${verb}: a call to the same key was not answered for ${ms / 1000} seconds. Look at what is behind it.`,
    { outcome: 'none' },
  );
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Drivers put statements and rows on their errors, and a parser quotes what it could not parse. */
function withoutSecrets(error: unknown): Error {
  if (error instanceof SyntaxError) return new SyntaxError('The row could not be parsed.');
  if (!(error instanceof Error)) return new Error('What was thrown is no error.');
  const told = new Error(error.message || codeOf(error));
  // node-redis tells its errors apart by their classes only.
  told.name = error.name === 'Error' ? error.constructor.name : error.name;
  const code = codeOf(error);
  return code === '' ? told : Object.assign(told, { code });
}
