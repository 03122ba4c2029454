import { expect, test } from 'vitest';
import { CoatcheckError } from '../../src/errors.ts';
import { isCheck, isDuplicate, isLost, mysqlFailure } from '../../src/store/mysql-errors.ts';

/** As mysql2 throws what the server answers. */
function answer(errno: number, code: string, message = 'geheim'): Error {
  return Object.assign(new Error(message), {
    errno,
    code,
    sqlState: 'HY000',
    sqlMessage: message,
    sql: 'SELECT geheim',
  });
}

/** As mysql2 throws what happened to the connection. */
function broken(message: string, code?: string): Error {
  return Object.assign(new Error(message), { fatal: true, ...(code === undefined ? {} : { code, errno: -104 }) });
}

test.each([
  ['a deadlock', answer(1213, 'ER_LOCK_DEADLOCK'), true, 'none', /holds the row/],
  ['a row that is held', answer(1205, 'ER_LOCK_WAIT_TIMEOUT'), true, 'none', /holds the row/],
  ['too many connections', answer(1040, 'ER_CON_COUNT_ERROR'), true, 'none', /max_connections/],
  ['a server that reads only', answer(1290, 'ER_OPTION_PREVENTS_STATEMENT'), true, 'none', /only reads/],
  ['a statement that somebody ended', answer(1317, 'ER_QUERY_INTERRUPTED'), true, 'none', /ended the statement/],
  ['a statement that took too long', answer(3024, 'ER_QUERY_TIMEOUT'), true, 'none', /too long/],
  ['a statement to prepare anew', answer(1615, 'ER_NEED_REPREPARE'), true, 'none', /once more/],
  ['a wrong password', answer(1045, 'ER_ACCESS_DENIED_ERROR'), false, 'none', /look at user and password/],
  ['an account of MySQL that is locked', answer(3118, 'ER_ACCOUNT_HAS_BEEN_LOCKED'), false, 'none', /is locked/],
  ['one of MariaDB, by a name of MySQL', answer(4151, 'ER_BULK_PARSER_ERROR'), false, 'none', /is locked: unlock it/],
  ['a right that is missing', answer(1142, 'ER_TABLEACCESS_DENIED_ERROR'), false, 'none', /rights to grant/],
  ['a table that is missing', answer(1146, 'ER_NO_SUCH_TABLE'), false, 'none', /createTable/],
  ['a full disk', answer(1021, 'ER_DISK_FULL'), false, 'none', /make room/],
  ['a full table', answer(1114, 'ER_RECORD_FILE_FULL'), false, 'none', /make room/],
  ['a record that is too long', answer(1153, 'ER_NET_PACKET_TOO_LARGE'), false, 'none', /max_allowed_packet/],
  ['what is not known', answer(9999, 'ER_OTHER'), false, 'unknown', /an error that we do not know \(ER_OTHER\)/],
  ['an unknown error', answer(1105, 'ER_UNKNOWN_ERROR'), false, 'unknown', /an error that we do not know/],
  ['what a distributed one does not know', answer(8501, 'ER_OTHER'), false, 'unknown', /that we do not know/],
  ['a statement that it does not understand', answer(1064, 'ER_PARSE_ERROR'), false, 'none', /refused it \(ER_PARSE/],
  ['a foreign key', answer(1452, 'ER_NO_REFERENCED_ROW_2'), false, 'none', /refused it/],
  ['an aborted connection', answer(1152, 'ER_ABORTING_CONNECTION'), true, 'unknown', /ended the connection/],
  ['a network that failed', answer(1159, 'ER_NET_READ_INTERRUPTED'), true, 'unknown', /ended the connection/],
  ['a connection that was aborted', answer(1184, 'ER_NEW_ABORTING_CONNECTION'), true, 'unknown', /ended the conn/],
  ['a session that was killed', answer(3169, 'ER_SESSION_WAS_KILLED'), true, 'unknown', /ended the connection/],
  ['a proxy that lost its server', answer(2013, 'CR_SERVER_LOST'), true, 'unknown', /ended the connection/],
  ['a group that rolled it back', answer(3101, 'ER_TRANSACTION_ROLLBACK_DURING_COMMIT'), true, 'none', /once more/],
  ['a shutdown', answer(1053, 'ER_SERVER_SHUTDOWN'), true, 'unknown', /ended the connection/],
  ['a connection that was killed', answer(1927, 'ER_CONNECTION_KILLED'), true, 'unknown', /ended the connection/],
  ['a failed commit', answer(1180, 'ER_ERROR_DURING_COMMIT'), true, 'unknown', /commit/],
  ['a lost connection', broken('Connection lost', 'PROTOCOL_CONNECTION_LOST'), true, 'unknown', /connection broke/],
  ['a reset connection', broken('read ECONNRESET', 'ECONNRESET'), true, 'unknown', /connection broke/],
  [
    'a closed connection',
    broken("Can't add new command when connection is in closed state"),
    true,
    'none',
    /connection/,
  ],
  ['a full queue', new Error('Queue limit reached.'), true, 'none', /connectionLimit/],
  ['a pool that does not wait', new Error('No connections available.'), true, 'none', /connectionLimit/],
  ['a closed pool', new Error('Pool is closed.'), false, 'none', /the pool was closed/],
  ['nothing', undefined, true, 'unknown', /connection broke/],
])(
  '%s is told with what to do, whether to try again, and what became of the write',
  (_name, thrown, retryable, outcome, advice) => {
    const error = mysqlFailure(thrown, 'update', 'unknown');
    expect(error).toMatchObject({ code: 'STORE_FAILED', status: 503, retryable, outcome });
    expect(error.message).toMatch(/^MySQL store, update: .*\.$/);
    expect(error.message).toMatch(advice);
    // The cause too has nothing of what the server quotes.
    expect(JSON.stringify([error.message, String(error.cause), error.cause])).not.toContain('geheim');
  },
);

test.each([
  ['nobody there', broken('connect ECONNREFUSED 127.0.0.1:3306', 'ECONNREFUSED'), true, /no connection/],
  ['nobody answers', broken('connect ETIMEDOUT', 'ETIMEDOUT'), true, /no connection/],
  [
    'no TLS there',
    broken('Server does not support secure connection', 'HANDSHAKE_NO_SSL_SUPPORT'),
    false,
    /how to connect/,
  ],
  ['a certificate of nobody', broken('self-signed certificate', 'HANDSHAKE_SSL_ERROR'), false, /how to connect/],
  ['an unknown way to log in', broken('auth_gssapi_client', 'AUTH_SWITCH_PLUGIN_ERROR'), false, /how to connect/],
])('%s while connecting means that nothing was written', (_name, thrown, retryable, advice) => {
  const error = mysqlFailure(thrown, 'create', 'none');
  expect(error).toMatchObject({ retryable, outcome: 'none', message: expect.stringMatching(advice) });
  expect((error.cause as Error).message).toBe(thrown.message);
});

test('an error of ours stays what it is', () => {
  const error = new CoatcheckError('OPTION_INVALID', 'x');
  expect(mysqlFailure(error, 'read', 'none')).toBe(error);
});

test('a key that is taken and a document that is no JSON are told apart from failures', () => {
  expect(isDuplicate(answer(1062, 'ER_DUP_ENTRY'))).toBe(true);
  expect(isDuplicate(answer(1213, 'ER_LOCK_DEADLOCK'))).toBe(false);
  expect([4025, 3819].map((errno) => isCheck(answer(errno, 'ER_CONSTRAINT_FAILED')))).toEqual([true, true]);
  for (const other of [answer(1062, 'ER_DUP_ENTRY'), broken('x'), undefined]) expect(isCheck(other)).toBe(false);
});

test('a connection is used on after a refusal, and not after it broke or where it can only read', () => {
  for (const errno of [1062, 1205, 1213, 1146, 4025]) expect(isLost(answer(errno, 'x'))).toBe(false);
  for (const errno of [1053, 1153, 1243, 1290, 1792, 1836, 1927, 1152, 2013, 3169])
    expect(isLost(answer(errno, 'x'))).toBe(true);
  expect(isLost(broken('x'))).toBe(true);
  expect(isLost(new TypeError('x'))).toBe(true);
});
