import { CoatcheckError, type Outcome } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
  /** Datastore says so instead of doing anything. */
  readonly refused?: boolean;
}

const ALREADY_EXISTS = 6;
const ABORTED = 10;
const NOT_SENT = 'Datastore cannot be reached now';

/** gRPC's status codes (google.rpc.Code); those that are not here are failures of the service itself. */
const CODES: Readonly<Record<number, Kind>> = {
  3: { advice: 'Datastore does not take the call: see `cause`', refused: true },
  4: { advice: 'Datastore did not answer in time', retryable: true },
  5: { advice: 'there is no such project, or it has no database of this name', refused: true },
  7: { advice: 'we may not do that: docs/stores/datastore.md names the role to give', refused: true },
  8: { advice: 'a quota of the project is used up: raise it', refused: true, retryable: true },
  9: { advice: 'the database does not do that: is it Firestore in Datastore mode?', refused: true },
  10: { advice: 'another writer was first; the call may be made again', refused: true, retryable: true },
  11: { advice: 'Datastore does not take the call: see `cause`', refused: true },
  14: { advice: 'the connection broke, or Datastore is not available now', retryable: true },
  16: { advice: 'Google does not know these credentials, or they are expired', refused: true },
};

/** grpc-js's own messages of what happened before anything was sent. A proxy's words about its own connections are none. */
const NEVER_SENT =
  /^14 UNAVAILABLE: (No connection established|Name resolution failed)|^\d+ [A-Z_]+: Getting metadata from plugin failed/;
const NO_CREDENTIALS =
  /default credentials|^The file at .* does not exist|detect a Project Id|invalid_grant|does not match the expected format/i;
/** A transaction that Datastore has forgotten, after a restart or a minute, has done nothing. */
const FORGOTTEN_CODES: readonly unknown[] = [3, 9, ABORTED];
const FORGOTTEN = /transaction .*(expired|no longer valid|closed|invalid)|invalid transaction/i;

/**
 * What the client threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param outcome what is true where the call may have been done: `'unknown'` for what commits
 */
export function datastoreFailure(error: unknown, verb: string, outcome: Outcome): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  const kind = typeof code === 'number' ? CODES[code] : undefined;
  const forgotten = FORGOTTEN_CODES.includes(code) && FORGOTTEN.test(message);
  const unable = typeof code !== 'number' && NO_CREDENTIALS.test(message);
  const unsent = NEVER_SENT.test(message);
  const advice = unable
    ? 'there are no Google credentials or no project: give `project`, and set up Application Default Credentials'
    : unsent
      ? NOT_SENT
      : (kind?.advice ?? 'Datastore failed: see `cause`');
  return new CoatcheckError('STORE_FAILED', `Datastore store, ${verb}: ${advice}.`, {
    cause: withoutKeys(error),
    outcome: unsent || unable || forgotten || kind?.refused === true ? 'none' : outcome,
    retryable: forgotten || (kind?.refused === true || unable ? kind?.retryable === true : true),
  });
}

/** Nobody answered in the time that we give a call. */
export function tooLate(verb: string, outcome: Outcome): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `Datastore store, ${verb}: ${CODES[4]?.advice}.`, {
    outcome,
    retryable: true,
  });
}

/** What was read is no record. */
export function foreign(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `Datastore store, ${verb}: what stands under this key is no record of coatcheck: give coatcheck a kind of its own.`,
    { outcome: 'none' },
  );
}

export function isTaken(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === ALREADY_EXISTS;
}

/** Another transaction was first. */
export function isAborted(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === ABORTED;
}

/** Datastore names the entities that it speaks of, and the client puts the metadata of the call beside. */
function withoutKeys(error: unknown): Error {
  const { name, message, code } = (error instanceof Error ? error : new Error('unknown')) as Error & { code?: unknown };
  const told = new Error(message.replace(/[0-9a-f]{64}/g, '(key)'));
  told.name = name;
  return code === undefined ? told : Object.assign(told, { code });
}
