import { CoatcheckError, type Outcome } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
  /** Whether the write may have been done all the same. */
  readonly doubtful?: boolean;
}

const NOT_PRIMARY: Kind = {
  advice: 'this server is no primary, perhaps since a failover a moment ago',
  retryable: true,
};
const STEPPED_DOWN: Kind = {
  advice: 'the primary stepped down or shut down before it answered',
  retryable: true,
  doubtful: true,
};
const BETWEEN_SERVERS: Kind = {
  advice: 'the servers of the cluster do not reach each other',
  retryable: true,
  doubtful: true,
};
const TOO_LONG: Kind = {
  advice: 'the server gave the operation up for it took too long',
  retryable: true,
  doubtful: true,
};
const LOGIN: Kind = {
  advice: 'MongoDB does not know this user with this password: look at user, password and authSource',
};
const UNEXPLAINED: Kind = { advice: 'MongoDB met an error of its own: see `cause`', doubtful: true };

/** What a server answers with instead of doing anything, by the number of its error. */
const REFUSALS: Readonly<Record<number, Kind>> = {
  1: UNEXPLAINED,
  6: BETWEEN_SERVERS,
  7: BETWEEN_SERVERS,
  8: UNEXPLAINED,
  13: { advice: 'this user may not do that: docs/stores/mongodb.md lists what to allow' },
  18: LOGIN,
  50: TOO_LONG,
  85: { advice: 'the collection has another index on the same field: give coatcheck a `collection` of its own' },
  86: { advice: 'the collection has another index of the same name: give coatcheck a `collection` of its own' },
  89: BETWEEN_SERVERS,
  91: STEPPED_DOWN,
  96: UNEXPLAINED,
  112: { advice: 'another write was under way', retryable: true },
  121: { advice: 'the validator of the collection refuses the record: give coatcheck a `collection` of its own' },
  125: UNEXPLAINED,
  133: NOT_PRIMARY,
  189: STEPPED_DOWN,
  202: BETWEEN_SERVERS,
  262: TOO_LONG,
  8000: { advice: 'Atlas refused the command: look at the user and the limits of the cluster' },
  9001: BETWEEN_SERVERS,
  10058: NOT_PRIMARY,
  10107: NOT_PRIMARY,
  10334: { advice: 'the record is larger than MongoDB takes, which is 16 MB' },
  11000: { advice: 'the same key was written at the same moment', retryable: true },
  11600: STEPPED_DOWN,
  11601: TOO_LONG,
  11602: STEPPED_DOWN,
  13435: NOT_PRIMARY,
  13436: NOT_PRIMARY,
  14031: { advice: 'the disk of MongoDB is full: make room' },
};

/** Further ones that have written nothing: the command was not taken. Of any other nobody knows. */
const NOT_TAKEN: ReadonlySet<number> = new Set([
  2, 9, 11, 14, 20, 26, 28, 31, 52, 54, 57, 59, 66, 67, 72, 73, 166, 323, 334, 352, 391,
]);

/** What a handshake is refused with for who we are; 59 is of servers that know no users. */
const LOGIN_CODES: ReadonlySet<unknown> = new Set([2, 11, 13, 18, 59, 334, 8000]);

const NO_SERVER = 'there is no connection to a MongoDB that takes writes now';

/** Errors of the driver that come before anything is sent. */
const UNSENT: Readonly<Record<string, Kind>> = {
  MongoServerSelectionError: { advice: NO_SERVER, retryable: true },
  MongoWaitQueueTimeoutError: { advice: 'no connection of the pool became free: raise maxPoolSize', retryable: true },
  MongoPoolClearedError: { advice: NO_SERVER, retryable: true },
  MongoPoolClosedError: { advice: NO_SERVER, retryable: true },
  MongoServerClosedError: { advice: NO_SERVER, retryable: true },
  MongoTopologyClosedError: { advice: 'the client was closed' },
  MongoNotConnectedError: { advice: 'the client was closed' },
  MongoParseError: { advice: 'the driver does not understand the URL: see `cause`' },
  MongoInvalidArgumentError: { advice: 'the driver does not take what it was given: see `cause`' },
  MongoMissingCredentialsError: { advice: 'the URL wants a user or a password' },
  MongoMissingDependencyError: { advice: 'the URL wants a package that is not installed: see `cause`' },
  MongoCompatibilityError: { advice: 'this version of the driver does not talk to this MongoDB: see `cause`' },
  BSONError: { advice: 'the driver cannot encode the record: see `cause`' },
};

/**
 * What a driver threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param outcome what is true where the command may have been done: `'unknown'` for a write
 */
export function mongodbFailure(error: unknown, verb: string, outcome: Outcome): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { name = '', code } = (error ?? {}) as { name?: string; code?: unknown };
  if (isGivenUp(error)) {
    return failure(verb, { advice: 'MongoDB did not answer in time', retryable: true }, outcome, error);
  }
  // A wrong password is told by the handshake, and a server that breaks it off has heard no command.
  if (isHandshake(error)) {
    const login = name === 'MongoServerError' && LOGIN_CODES.has(code);
    return failure(verb, login ? LOGIN : { advice: NO_SERVER, retryable: true }, 'none', error);
  }
  if (name === 'MongoWriteConcernError') {
    // The primary has it, and too few others yet. Not to be made again: it would find itself stored.
    return failure(verb, { advice: 'the majority of the servers did not confirm the write' }, outcome, error);
  }
  if (name === 'MongoServerError') {
    return typeof code === 'number' ? refused(code, verb, outcome, error) : failure(verb, UNEXPLAINED, outcome, error);
  }
  if (name === 'MongoClientClosedError') return failure(verb, { advice: 'the client was closed' }, outcome, error);
  const unsent = UNSENT[name];
  if (unsent !== undefined) return failure(verb, unsent, 'none', error);
  const network = /Network|Topology|Connection|Socket/.test(name);
  const advice = network ? 'the connection broke before the answer came' : 'the driver failed: see `cause`';
  return failure(verb, { advice, retryable: network }, outcome, error);
}

/** What a server answered for a single write: `writeErrors` of its reply. */
export function refusedWrite(code: unknown, verb: string): CoatcheckError {
  return refused(Number(code), verb, 'unknown', undefined);
}

/** What is not sent, for no server takes it. */
export function tooLarge(verb: string): CoatcheckError {
  return refused(10334, verb, 'none', undefined);
}

/** A call that was not begun, for there is nobody to send it to. */
export function offline(verb: string): CoatcheckError {
  return failure(verb, { advice: NO_SERVER, retryable: true }, 'none', undefined);
}

/** What was read is no record. */
export function foreign(verb: string): CoatcheckError {
  const advice = 'what stands under this key is no record of coatcheck: give coatcheck a `collection` of its own';
  return failure(verb, { advice }, 'none', undefined);
}

/** What was answered is no answer to this command. */
export function unanswered(verb: string, outcome: Outcome): CoatcheckError {
  return failure(verb, { advice: 'what answered does not speak as MongoDB does' }, outcome, undefined);
}

/** The reason of a signal that ends what was given up. */
export function givenUp(): Error {
  return Object.assign(new Error('given up'), { name: GIVEN_UP });
}

const GIVEN_UP = 'CoatcheckGaveUp';

function isGivenUp(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { name?: unknown } };
  return name === GIVEN_UP || cause?.name === GIVEN_UP;
}

function refused(code: number, verb: string, outcome: Outcome, error: unknown): CoatcheckError {
  const kind = REFUSALS[code] ?? {
    advice: `MongoDB refused the command with its error ${code}`,
    doubtful: !NOT_TAKEN.has(code),
  };
  return failure(verb, kind, kind.doubtful ? outcome : 'none', error);
}

function failure(verb: string, { advice, retryable = false }: Kind, outcome: Outcome, error: unknown): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `MongoDB store, ${verb}: ${advice}.`, {
    cause: error === undefined ? undefined : withoutSecrets(error),
    outcome,
    retryable,
  });
}

function isHandshake(error: unknown): boolean {
  const { beforeHandshake, hasErrorLabel } = (error ?? {}) as {
    beforeHandshake?: unknown;
    hasErrorLabel?: (label: string) => boolean;
  };
  return beforeHandshake === true || hasErrorLabel?.call(error, 'HandshakeError') === true;
}

/** A server quotes the command, with its key and its document; of what it says only its number and name are kept. */
function withoutSecrets(error: unknown): Error {
  const given = error instanceof Error ? error : new Error('unknown');
  const { code, codeName } = given as { code?: unknown; codeName?: unknown };
  const answered = /^MongoServerError|^MongoWriteConcernError|^MongoBulk/.test(given.name);
  const told = new Error(answered ? `${codeName ?? 'error'} (${code ?? 'no number'})` : withoutLogin(given.message));
  told.name = given.name;
  return typeof code === 'number' || typeof code === 'string' ? Object.assign(told, { code }) : told;
}

/** Should a driver ever quote a URL. */
function withoutLogin(message: string): string {
  return message.replace(/\/\/[^@/\s]*@/g, '//');
}
