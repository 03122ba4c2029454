import { CoatcheckError } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
  /** A write that ends so may have been done. */
  readonly doubtful?: boolean;
}

const DOWN: Kind = { advice: 'PostgreSQL is going down', retryable: true, doubtful: true };
const RIGHTS = 'this user may not do that: docs/stores/postgres.md lists the rights to grant';

/** What PostgreSQL answers with, by its code or the class of it (postgresql.org/docs/current/errcodes-appendix.html). */
const KINDS: Readonly<Record<string, Kind>> = {
  '08': { advice: 'the connection broke before the answer came', retryable: true, doubtful: true },
  '22P05': { advice: 'the database has an encoding that cannot say this text: make it with UTF8' },
  '25006': {
    advice:
      'the database is read-only here: it is a standby, perhaps since a failover, or default_transaction_read_only is on',
  },
  '28000': { advice: 'PostgreSQL does not let this user in: look at its pg_hba.conf' },
  '28P01': { advice: 'PostgreSQL does not know this user with this password' },
  '3D000': { advice: 'there is no such database: make it first' },
  '3F000': { advice: 'there is no such schema: make it first' },
  '40': { advice: 'another transaction was in the way; the call may be made again', retryable: true },
  '40003': { advice: 'nobody knows what became of the transaction', retryable: true, doubtful: true },
  '42501': { advice: RIGHTS },
  '42703': { advice: 'the table has not the columns it should have: give coatcheck a `table` of its own' },
  '42P01': { advice: 'there is no such table: make it with createTable of coatcheck/store/postgres' },
  '53': { advice: 'PostgreSQL has too little of something: see `cause`' },
  '53100': { advice: 'the disk of PostgreSQL is full: make room' },
  '53200': { advice: 'PostgreSQL has too little memory', retryable: true },
  '53300': {
    advice: 'PostgreSQL has no connection left: give it more (max_connections), or the pools fewer',
    retryable: true,
  },
  '55P03': { advice: 'somebody holds a lock on the table', retryable: true },
  '57014': { advice: 'the statement was cancelled, by somebody or by statement_timeout', retryable: true },
  '57P': DOWN,
  '57P03': { advice: 'PostgreSQL is starting up or going down', retryable: true },
  // Its table was changed since it was prepared; a new connection prepares it anew.
  '0A000': { advice: 'the table was changed a moment ago', retryable: true },
  XX001: { advice: 'the table is damaged: bring it back from a copy' },
  XX002: { advice: 'an index of the table is damaged: REINDEX it' },
};

/** The driver's words for a query that it never sent. */
const NEVER_SENT = /not queryable$/;

/**
 * What a driver threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param phase while there was no connection yet nothing was done; of a write nobody knows where no answer came
 */
export function postgresFailure(
  error: unknown,
  verb: string,
  phase: 'connecting' | 'reading' | 'writing',
): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { code, message = '' } = (error ?? {}) as { code?: unknown; message?: string };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  const kind =
    state === undefined
      ? unanswered(phase, message)
      : (known(state, message) ?? { advice: 'PostgreSQL refused: see `cause`' });
  const unsent = phase !== 'writing' || NEVER_SENT.test(message) || (state !== undefined && !kind.doubtful);
  return new CoatcheckError('STORE_FAILED', `PostgreSQL store, ${verb}: ${kind.advice}.`, {
    cause: withoutSecrets(error),
    outcome: unsent ? 'none' : 'unknown',
    retryable: kind.retryable === true,
  });
}

function known(state: string, message: string): Kind | undefined {
  // Its words for a quota or a limit of the system, which have no code of their own.
  if (/^could not (?:extend|write) /.test(message)) return KINDS['53100'];
  return KINDS[state] ?? KINDS[state.slice(0, 3)] ?? KINDS[state.slice(0, 2)];
}

/** What the driver says by itself while it connects, and will say again. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/password must be a (?:non-empty )?string/i, 'PostgreSQL wants a password: give user and password'],
  [/does not support SSL/, 'PostgreSQL speaks no TLS here: leave out sslmode, or let it speak TLS'],
  [/certificate|altnames/i, 'the certificate of PostgreSQL is not trusted: see `cause`'],
];

function unanswered(phase: string, message: string): Kind {
  if (phase !== 'connecting') return { advice: 'the connection broke before the answer came', retryable: true };
  const refused = REFUSED.find(([words]) => words.test(message));
  return refused === undefined
    ? { advice: 'there is no connection to PostgreSQL now', retryable: true }
    : { advice: refused[1] };
}

/** What the driver throws before it connects: it cannot use what it was told. The files of this machine are not named. */
export function refusedSettings(error: unknown, verb: string): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const file = typeof syscall === 'string';
  const advice = file
    ? 'a file that sslrootcert, sslcert or sslkey names cannot be read: look at the URL'
    : 'the driver does not take what it was told: look at the parameters of the URL, and at `cause`';
  return new CoatcheckError('STORE_FAILED', `PostgreSQL store, ${verb}: ${advice}.`, {
    cause: withoutSecrets(file ? Object.assign(new Error(code), { code }) : error),
    outcome: 'none',
  });
}

export function closedStore(verb: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `PostgreSQL store, ${verb}: the store was closed.`, { outcome: 'none' });
}

/** PostgreSQL puts the row into `detail` and `where`: key and document. */
function withoutSecrets(error: unknown): Error {
  const { name, message, code } = (error instanceof Error ? error : new Error('unknown')) as NodeJS.ErrnoException;
  const told = new Error(message || code || name);
  told.name = name;
  return typeof code === 'string' ? Object.assign(told, { code }) : told;
}
