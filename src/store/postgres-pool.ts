import { CoatcheckError } from '../errors.ts';
import { closedStore, postgresFailure, refusedSettings } from './postgres-errors.ts';

/** A pool of `pg`: what `new Pool()` gives. */
export interface PostgresPool {
  readonly totalCount: number;
  connect(
    callback: (
      error: Error | undefined,
      client: PostgresClient | undefined,
      release: (destroy?: boolean) => void,
    ) => void,
  ): void;
}

/** A connection of a pool. */
export interface PostgresClient {
  query(query: PostgresQuery, callback: (error: Error | null | undefined, result?: PostgresResult) => void): void;
  on(event: 'error', listener: () => void): unknown;
  removeListener(event: 'error', listener: () => void): unknown;
  /** `pg` 8.17 and newer: `I` outside of any transaction. */
  getTransactionStatus?(): string | null;
}

/** What is asked of a connection: a statement, prepared under its name unless that is empty, whose values arrive as text. */
export interface PostgresQuery {
  readonly name: string;
  readonly text: string;
  readonly values: unknown[];
  readonly types: { getTypeParser(): (value: string) => string };
}

export interface PostgresResult {
  readonly rows: Record<string, unknown>[];
  readonly rowCount: number | null;
}

/** One statement of the store. */
export interface Statement {
  /** What the store was asked to do, for messages. */
  readonly verb: string;
  readonly text: string;
  /** The same for the same text only: behind PgBouncer others may have prepared theirs on the connection. */
  readonly name: string;
  readonly writes: boolean;
}

/**
 * How long a call may wait for its connection, in milliseconds. Its request has given it up by then, and a write that
 * comes later may bring back what was ended meanwhile.
 */
const LATE_MS = 2000;

/** Whoever uses the pool may have set up parsers of types for all of it. */
const TYPES: PostgresQuery['types'] = { getTypeParser: () => (value) => value };

/** A connection on which a prepared statement is not there, or is there already: it is not ours alone. */
const UNPREPARED = new Set(['26000', '42P05']);
/**
 * After an error of these classes a connection is as good as before; after any other the pool makes a new one. One that
 * only reads (25006) would do so for good: its server is no primary any more.
 */
const HARMLESS = /^(?:22|23|40|42)/;

const ignore = (): void => undefined;

/**
 * Sends single statements, each on a connection of the pool that nobody else has meanwhile, and each in a transaction
 * of its own.
 */
export class PostgresRunner {
  readonly #pool: PostgresPool;
  #prepares = true;
  #closed = false;

  constructor(pool: PostgresPool) {
    this.#pool = pool;
  }

  /** Whoever waits for a connection from now on does so in vain. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Runs a statement once.
   *
   * @param read makes the answer of what came back; what it throws is the error
   * @param instead what to send where the database refused these values, by the code of its refusal
   */
  run<T>(
    statement: Statement,
    values: unknown[],
    read: (result: PostgresResult) => T | Promise<T>,
    instead?: (code: string) => unknown[] | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const asked = performance.now();
      const connected: Connected = (unconnected, client, release) => {
        if (client === undefined) {
          const { verb } = statement;
          reject(this.#closed ? closedStore(verb) : postgresFailure(unconnected, verb, 'connecting'));
        } else if (performance.now() - asked > LATE_MS) {
          release();
          reject(late(statement.verb));
        } else if (isInTransaction(client)) {
          release(true);
          reject(openTransaction(statement.verb));
        } else {
          const named = this.#prepares && statement.name !== '';
          this.#send(client, named ? statement.name : '', statement.text, values, (error, result) => {
            if (error || result === undefined) {
              const code = codeOf(error);
              release(UNPREPARED.has(code) || !HARMLESS.test(code));
              resolve(this.#failed(error, statement, named, values, read, instead));
              return;
            }
            release();
            try {
              resolve(read(result));
            } catch (thrown) {
              reject(thrown);
            }
          });
        }
      };
      try {
        this.#pool.connect(connected);
      } catch (thrown) {
        reject(refusedSettings(thrown, statement.verb));
      }
    });
  }

  #send(client: PostgresClient, name: string, text: string, values: unknown[], answered: Answered): void {
    const done: Answered = (error, result) => {
      client.removeListener('error', ignore);
      answered(error, result);
    };
    // A connection that breaks says so twice: as an event, and to the query.
    client.on('error', ignore);
    try {
      client.query({ name, text, values, types: TYPES }, done);
    } catch (error) {
      done(error as Error);
    }
  }

  async #failed<T>(
    error: unknown,
    statement: Statement,
    named: boolean,
    values: unknown[],
    read: (result: PostgresResult) => T | Promise<T>,
    instead: ((code: string) => unknown[] | undefined) | undefined,
  ): Promise<T> {
    const code = codeOf(error);
    // Not whether others are still sent by name: the first that found it out has ended that for those after it.
    if (named && UNPREPARED.has(code)) {
      this.#prepares = false;
      return this.run(statement, values, read, instead);
    }
    const others = instead?.(code);
    if (others !== undefined) return this.run(statement, others, read);
    throw postgresFailure(error, statement.verb, statement.writes ? 'writing' : 'reading');
  }
}

type Connected = Parameters<PostgresPool['connect']>[0];
type Answered = (error: Error | null | undefined, result?: PostgresResult) => void;

/** The five letters by which PostgreSQL says what is wrong; empty where it was not PostgreSQL that said it. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : '';
}

function isInTransaction(client: PostgresClient): boolean {
  const status = client.getTransactionStatus?.() ?? 'I';
  return status !== 'I';
}

function late(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `PostgreSQL store, ${verb}: no connection of the pool was free within two seconds. Give the pool more of them.`,
    { outcome: 'none', retryable: true },
  );
}

/** The statement would have been a part of it, and gone with a rollback. The connection is closed, for it is lost. */
function openTransaction(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `PostgreSQL store, ${verb}: somebody gave a connection back to the pool in the middle of a transaction. End it before \`release()\`.`,
    { outcome: 'none', retryable: true },
  );
}
