import { CoatcheckError, type Outcome } from '../errors.ts';

/** The store's name in messages. */
export const MYSQL = 'MySQL';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
  /** The server gave up in the middle: who knows how far it came. */
  readonly doubtful?: boolean;
}

const STRANGER: Kind = { advice: 'MySQL does not let this user in with this password: look at user and password' };
const LOCKED: Kind = { advice: 'the account of this user is locked: unlock it, or name another user' };
const DENIED: Kind = { advice: 'this user may not do that: docs/stores/mysql.md lists the rights to grant' };
const READ_ONLY: Kind = {
  advice: 'this server only reads, perhaps since a failover a moment ago',
  retryable: true,
};
const CROWDED: Kind = {
  advice: 'MySQL has no connection left: raise max_connections, or let fewer processes connect',
  retryable: true,
};
const BLOCKED: Kind = { advice: "somebody else's transaction holds the row", retryable: true };
const SLOW: Kind = { advice: 'MySQL ended the statement, for it took too long', retryable: true };
const ENDED: Kind = { advice: 'MySQL ended the connection', retryable: true, doubtful: true };
const FULL: Kind = { advice: 'the disk or the table is full: make room' };
const OTHER_FORM: Kind = {
  advice: 'the table has other columns than createTable makes: give coatcheck a table of its own',
};
const TOO_LONG: Kind = { advice: 'the record is too long for MySQL: raise max_allowed_packet, or store less in it' };
const AGAIN: Kind = { advice: 'MySQL wants the statement once more', retryable: true };

/**
 * What MySQL and MariaDB answer with instead of doing anything, by `errno`. None of them has written, for a statement
 * that fails is rolled back; but for the doubtful ones.
 */
const REFUSALS: Readonly<Record<number, Kind>> = {
  1020: BLOCKED, // ER_CHECKREAD: innodb_snapshot_isolation of MariaDB
  1021: FULL,
  1040: CROWDED,
  1044: DENIED,
  1045: STRANGER,
  1047: { advice: 'this node of the cluster is not ready', retryable: true }, // Galera, in place of "unknown command"
  1049: { advice: 'there is no such database: make it, or name another one' },
  1053: ENDED,
  1054: OTHER_FORM,
  1114: FULL,
  1129: { advice: 'MySQL has blocked this host after many failures to connect: run FLUSH HOSTS' },
  1130: STRANGER,
  1136: OTHER_FORM,
  1142: DENIED,
  1143: DENIED,
  1146: { advice: 'there is no such table: make it with createTable of coatcheck/store/mysql' },
  1152: ENDED,
  1153: TOO_LONG,
  1158: ENDED,
  1159: ENDED,
  1160: ENDED,
  1161: ENDED,
  1180: { advice: 'MySQL failed to commit', retryable: true, doubtful: true },
  1184: ENDED,
  1203: CROWDED,
  1205: BLOCKED,
  1213: BLOCKED,
  1226: CROWDED,
  1243: AGAIN, // a proxy took another server behind our prepared statement
  1290: READ_ONLY,
  1317: { advice: 'somebody ended the statement', retryable: true },
  1406: TOO_LONG,
  1461: { advice: 'MySQL has too many prepared statements: raise max_prepared_stmt_count' },
  1615: AGAIN,
  1637: CROWDED,
  1698: STRANGER,
  1792: {
    advice: 'the connection only reads, by its own setting: give coatcheck a pool whose connections may write',
  },
  1820: { advice: 'the password of this user has expired: set a new one' },
  1836: READ_ONLY,
  1862: { advice: 'the password of this user has expired: set a new one' },
  1927: ENDED,
  1969: SLOW,
  3024: SLOW,
  3101: AGAIN, // Group Replication rolled it back
  3118: LOCKED,
  3169: ENDED,
  4031: { advice: 'MySQL had ended the connection, for nobody used it', retryable: true },
  4151: LOCKED, // of MariaDB
};

const DUPLICATE = 1062;
/** A check of MySQL, and one of MariaDB. */
const CHECKS: readonly unknown[] = [3819, 4025];
/**
 * Further ones that have written nothing: the statement, its rights, its table or its values were not taken. Of what
 * stands nowhere here nobody knows whether it has: proxies and other servers have errors of their own.
 */
const NOT_TAKEN: readonly unknown[] = [
  1036,
  1037,
  1038,
  1041,
  1046,
  1048,
  DUPLICATE,
  1064,
  1099,
  1100,
  1148,
  1206,
  1207,
  1210,
  1223,
  1227,
  1235,
  1264,
  1265,
  1292,
  1295,
  1305,
  1364,
  1366,
  1370,
  1451,
  1452,
  1644,
  3572,
  ...CHECKS,
];
/**
 * After these a connection is to be replaced: the server ends it, or, as mysql2's own pool knows too, another one may
 * lead to a server that writes.
 */
const LEAVE: readonly unknown[] = [1153, 1243, 1290, 1792, 1836, 4031];

/** What a driver's error may tell. */
interface DriverError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly sqlState?: unknown;
  readonly fatal?: unknown;
}

/**
 * What mysql2 threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param outcome what is true where the statement may have been done: `'unknown'` for a write that was sent
 */
export function mysqlFailure(error: unknown, verb: string, outcome: Outcome): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { errno, code, message = '' } = (error ?? {}) as DriverError;
  const refusal = isAnswer(error) ? (known(errno as number) ?? unlisted(errno, code)) : undefined;
  const kind = refusal ?? adviceFor(code, message, outcome);
  return new CoatcheckError('STORE_FAILED', `${MYSQL} store, ${verb}: ${kind.advice}.`, {
    cause: withoutSecrets(error),
    outcome: refusal !== undefined && !refusal.doubtful ? 'none' : NEVER_SENT.test(message) ? 'none' : outcome,
    retryable: kind.retryable === true,
  });
}

function known(errno: number): Kind | undefined {
  // Those of clients: a proxy hands on what happened between it and the server.
  return REFUSALS[errno] ?? (errno >= 2000 && errno < 3000 ? ENDED : undefined);
}

function unlisted(errno: unknown, code: unknown): Kind {
  if (NOT_TAKEN.includes(errno)) return { advice: `MySQL refused it (${String(code)})` };
  return { advice: `MySQL answered with an error that we do not know (${String(code)})`, doubtful: true };
}

/** mysql2's own words for statements that never left. */
const NEVER_SENT = /^(Can't add new command|No connections available|Queue limit reached|Pool is closed)/;

function adviceFor(code: unknown, message: string, outcome: Outcome): Kind {
  if (/^Pool is closed/.test(message)) return { advice: 'the pool was closed' };
  if (/^(No connections available|Queue limit reached)/.test(message)) {
    return { advice: 'every connection of the pool is in use: raise its connectionLimit', retryable: true };
  }
  if (/^(HANDSHAKE_|AUTH_SWITCH|ERR_TLS|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(String(code))) {
    return { advice: 'the server and we do not agree how to connect: see `cause`' };
  }
  if (outcome === 'none') return { advice: 'there is no connection to MySQL now', retryable: true };
  return { advice: 'the connection broke before the answer came', retryable: true };
}

/** Whether the server itself said so. */
function isAnswer(error: unknown): boolean {
  const { errno } = (error ?? {}) as DriverError;
  // Those of the operating system are below zero.
  return typeof errno === 'number' && errno > 0;
}

export function isDuplicate(error: unknown): boolean {
  return isAnswer(error) && (error as DriverError).errno === DUPLICATE;
}

/** The database says that a document is no JSON. */
export function isCheck(error: unknown): boolean {
  return isAnswer(error) && CHECKS.includes((error as DriverError).errno);
}

/** Whether nobody should be given this connection any more. */
export function isLost(error: unknown): boolean {
  const { fatal, errno } = (error ?? {}) as DriverError;
  return fatal === true || !isAnswer(error) || LEAVE.includes(errno) || known(errno as number) === ENDED;
}

/** The statement was never sent: the pool had no connection for it in time. */
export function waitedTooLong(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `${MYSQL} store, ${verb}: the pool had no connection for it in time: raise its connectionLimit, or look at what holds them.`,
    { outcome: 'none', retryable: true },
  );
}

/** Somebody left a transaction open. Its connection was closed, so that what we wrote is rolled back with it. */
export function inTransaction(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `${MYSQL} store, ${verb}: somebody gave a connection back to the pool in the middle of a transaction, or switched its autocommit off. End it before \`release()\`.`,
    { outcome: 'none', retryable: true },
  );
}

export function closedStore(verb: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `${MYSQL} store, ${verb}: the store was closed.`, { outcome: 'none' });
}

/** MySQL quotes keys and documents in its messages, and mysql2 puts the statement beside them. */
function withoutSecrets(error: unknown): Error {
  const { name = 'Error', message, code, errno, sqlState } = (error ?? {}) as DriverError;
  const text = isAnswer(error) ? `${String(code)} (${String(errno)}, SQLSTATE ${String(sqlState)})` : message;
  const told = new Error(text || String(code ?? name));
  told.name = name;
  return typeof code === 'string' ? Object.assign(told, { code }) : told;
}
