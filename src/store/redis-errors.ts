import { CoatcheckError, type Outcome } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
}

/**
 * What Redis answers with instead of doing anything: the first word of its error says which it is, or a word in the
 * middle where a script of an older Redis passed it on. None of them has written.
 */
const REFUSALS: Readonly<Record<string, Kind>> = {
  OOM: {
    advice: 'Redis is full: raise maxmemory, and keep maxmemory-policy noeviction, for any other logs visitors out',
  },
  NOAUTH: { advice: 'Redis wants a password: give user and password' },
  WRONGPASS: { advice: 'Redis does not know this user with this password' },
  NOPERM: { advice: 'this user may not do that: docs/stores/redis.md lists the commands and keys to allow' },
  WRONGTYPE: { advice: 'what stands under this key is no record of coatcheck: give coatcheck a `prefix` of its own' },
  MISCONF: { advice: 'Redis cannot save to its disk and so writes nothing: look at its disk' },
  READONLY: { advice: 'this Redis is a replica, perhaps since a failover a moment ago', retryable: true },
  LOADING: { advice: 'Redis is still loading its data', retryable: true },
  MASTERDOWN: { advice: 'the replica has lost its primary', retryable: true },
  CLUSTERDOWN: { advice: 'a part of the cluster is down: look at its nodes', retryable: true },
  TRYAGAIN: { advice: 'the cluster is moving this key', retryable: true },
  MOVED: { advice: 'the cluster is moving this key', retryable: true },
  ASK: { advice: 'the cluster is moving this key', retryable: true },
  NOREPLICAS: { advice: 'too few replicas are there for Redis to write (min-replicas-to-write)', retryable: true },
  'subscriber mode': { advice: 'the client is subscribed to channels: give coatcheck one of its own' },
  BUSY: { advice: "somebody's script runs for too long: look at SLOWLOG", retryable: true },
};

const ANSWERED = Symbol('answered');

const REFUSED = new RegExp(`(?:^|[-: ])(${Object.keys(REFUSALS).join('|')})\\b`);

/** Commands that the driver never sent, by its own words. */
const NEVER_SENT =
  /enableOfflineQueue options is false|Cluster isn't ready|no valid master node|The client is offline|The queue is full|The client is closed/;

/**
 * What a driver threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param outcome what is true where the command may have been done: `'unknown'` for a write
 * @param begun an earlier command of this verb was already done, so that nothing is `'none'` any more
 */
export function redisFailure(error: unknown, verb: string, outcome: Outcome, begun = false): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const message = error instanceof Error ? error.message : '';
  const refusal = REFUSALS[REFUSED.exec(message)?.[1] ?? ''];
  const refused = refusal !== undefined || isAnswer(error);
  const unsent = refused || NEVER_SENT.test(message);
  return new CoatcheckError('STORE_FAILED', `Redis store, ${verb}: ${refusal?.advice ?? adviceFor(unsent, refused)}.`, {
    cause: withoutSecrets(error),
    outcome: unsent && !begun ? 'none' : outcome,
    retryable: refused ? refusal?.retryable === true : true,
  });
}

/** A call that was not begun, for there is no connection. */
export function offline(verb: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `Redis store, ${verb}: there is no connection to Redis now.`, {
    outcome: 'none',
    retryable: true,
  });
}

/** What was read is no record. */
export function foreign(verb: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `Redis store, ${verb}: ${REFUSALS.WRONGTYPE?.advice}.`, {
    outcome: 'none',
  });
}

/** What was answered is no answer to this command: a transaction that somebody began on the same connection keeps it. */
export function unanswered(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `Redis store, ${verb}: Redis did not do what it was asked. Does somebody use MULTI on the same client? Give coatcheck one of its own.`,
    { outcome: 'unknown' },
  );
}

/** What a script was refused for one of several records: as good as an answer to a command for it alone. */
export function refusedInScript(text: string): Error {
  return Object.assign(new Error(text), { [ANSWERED]: true });
}

/** Redis, or a proxy before it, said no to the command as such, and not for a reason that a single one would meet too. */
export function isUnknownRefusal(error: unknown): boolean {
  return isAnswer(error) && !REFUSED.test((error as Error).message);
}

/** A plain client of a node of a cluster: no command may name keys of several slots. */
export function isCrossSlot(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('CROSSSLOT');
}

export function isNoScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function adviceFor(unsent: boolean, refused: boolean): string {
  if (refused) return 'Redis refused the command: see `cause`';
  return unsent ? 'there is no connection to Redis now' : 'the connection broke before the answer came';
}

/** Whether Redis itself said so: ioredis throws a ReplyError; node-redis a SimpleError or BlobError of its ErrorReply. */
function isAnswer(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (ANSWERED in error) return true;
  for (let type = Object.getPrototypeOf(error); type !== null; type = Object.getPrototypeOf(type)) {
    const name: unknown = type.constructor?.name;
    if (name === 'ReplyError' || name === 'ErrorReply') return true;
  }
  return false;
}

/** ioredis puts the command with its arguments on the error, and Redis quotes those of a command that it does not know. */
function withoutSecrets(error: unknown): Error {
  const { name, message, code } = (error instanceof Error ? error : new Error('unknown')) as NodeJS.ErrnoException;
  const told = new Error(message.replace(/,? with args beginning with[\s\S]*/, '') || code || name);
  told.name = name;
  return typeof code === 'string' ? Object.assign(told, { code }) : told;
}
