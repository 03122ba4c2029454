import { CoatcheckError, type Outcome } from '../errors.ts';
import { closedStore, inTransaction, isLost, MYSQL, mysqlFailure, waitedTooLong } from './mysql-errors.ts';

/** A pool of `mysql2` or of `mysql2/promise`, as `createPool()` gives it. */
export interface MysqlPool {
  getConnection(...args: never[]): unknown;
  execute(...args: never[]): unknown;
  end(...args: never[]): unknown;
}

/** That rows come as objects with plain values, however the pool is set up. */
const PLAIN = { rowsAsArray: false, nestTables: false, typeCast: true } as const;

type Plain = { readonly [name in keyof typeof PLAIN]?: unknown };

/** What mysql2 answers to a statement that writes. */
export interface Written {
  readonly affectedRows: number;
  readonly serverStatus: number;
}

/** A connection of a pool of mysql2, which speaks by callbacks. */
export interface CoreConnection {
  execute(sql: string, values: readonly unknown[], done: Done<unknown>): unknown;
  execute(options: Plain & { readonly sql: string; readonly values: readonly unknown[] }, done: Done<unknown>): unknown;
  release(): void;
  destroy(): void;
}

/** The pool that both kinds of pools stand on. */
export interface CorePool {
  getConnection(done: Done<CoreConnection>): void;
  readonly config?: { readonly connectionConfig?: Plain };
}

type Done<T> = (error: unknown, answer: T) => void;

/**
 * How long a statement may wait for a connection of the pool before it is not sent any more, in milliseconds: below the
 * two seconds of a request, for what is sent after that nobody waits for.
 */
const PATIENCE_MS = 1500;

/** SERVER_STATUS_IN_TRANS of the protocol. */
const IN_TRANSACTION = 1;

/** @throws CoatcheckError `OPTION_INVALID` for what is no pool of mysql2 */
export function corePool(pool: unknown): CorePool {
  // A pool of mysql2/promise is a shell around one that speaks by callbacks.
  for (const candidate of [pool, (pool as { pool?: unknown } | null | undefined)?.pool]) {
    const { getConnection, promise } = (candidate ?? {}) as { getConnection?: unknown; promise?: unknown };
    if (typeof getConnection === 'function' && typeof promise === 'function') return candidate as CorePool;
  }
  throw new CoatcheckError(
    'OPTION_INVALID',
    `${MYSQL} store: \`pool\` must be a pool of mysql2: createPool({ ... }). A single connection may be within a transaction of yours.`,
  );
}

/** A statement on its way. */
interface Call {
  readonly verb: string;
  /** What is true where it was sent and no answer came. */
  readonly outcome: Outcome;
  readonly sql: string;
  /** Whether the pool is set up as we want its answers. */
  readonly plain: boolean;
  readonly values: readonly unknown[];
  readonly since: number;
  readonly answered: (answer: unknown) => void;
  /** With what mysql2 said, where it was mysql2. */
  readonly failed: (error: CoatcheckError, raw?: unknown) => void;
}

/** Sends single statements, each on whatever connection of the pool is free. */
export class MysqlDriver {
  readonly #pool: CorePool;
  readonly #plain: boolean;
  #closed = false;

  constructor(pool: CorePool) {
    this.#pool = pool;
    this.#plain = isPlain(pool);
  }

  close(): void {
    this.#closed = true;
  }

  /** The rows of a statement that only reads, turned into what `take` makes of them. */
  rows<Row, T>(verb: string, sql: string, values: readonly unknown[], take: (rows: readonly Row[]) => T): Promise<T> {
    return new Promise((resolve, failed) => {
      const answered = (rows: unknown): void => resolve(take(rows as readonly Row[]));
      this.#send({
        verb,
        outcome: 'none',
        sql,
        plain: this.#plain,
        values,
        since: performance.now(),
        answered,
        failed,
      });
    });
  }

  /**
   * How many rows a statement wrote, turned into what `take` makes of it.
   *
   * @param instead what becomes of a refusal that is no failure; undefined where it is one
   */
  write<T>(
    verb: string,
    sql: string,
    values: readonly unknown[],
    take: (rows: number) => T | Promise<T>,
    instead?: (refusal: unknown) => Promise<T> | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const answered = (answer: unknown): void => resolve(take((answer as Written).affectedRows));
      const failed = (error: CoatcheckError, raw: unknown): void => {
        try {
          const other = raw === undefined ? undefined : instead?.(raw);
          if (other === undefined) reject(error);
          else resolve(other);
        } catch (thrown) {
          reject(thrown);
        }
      };
      this.#send({
        verb,
        outcome: 'unknown',
        sql,
        plain: this.#plain,
        values,
        since: performance.now(),
        answered,
        failed,
      });
    });
  }

  /**
   * Takes a connection by itself, and not by the pool's `execute`: who waited for it too long is not sent any more.
   * Callbacks, and one promise for all: on Node 20 every promise is dear while there is an ambient session.
   */
  #send(call: Call): void {
    if (this.#closed) call.failed(closedStore(call.verb));
    else {
      this.#pool.getConnection((error, connection) => {
        if (error) call.failed(mysqlFailure(error, call.verb, 'none'));
        else if (performance.now() - call.since <= PATIENCE_MS) execute(call, connection);
        else {
          connection.release();
          call.failed(waitedTooLong(call.verb));
        }
      });
    }
  }
}

/** Options for a single statement cost a quarter of its time, so they are only sent where they change something. */
function isPlain({ config }: CorePool): boolean {
  const { rowsAsArray, nestTables, typeCast } = config?.connectionConfig ?? {};
  return !rowsAsArray && !nestTables && typeCast === PLAIN.typeCast;
}

function execute(call: Call, connection: CoreConnection): void {
  const { verb, outcome, sql, plain, values, answered, failed } = call;
  const done: Done<unknown> = (error, answer) => {
    // What is thrown here would be nobody's: it would end the process, and the call would never settle.
    try {
      if (error) {
        if (isLost(error)) connection.destroy();
        else connection.release();
        failed(mysqlFailure(error, verb, outcome), error);
      } else if (((answer as Partial<Written>).serverStatus ?? 0) & IN_TRANSACTION) {
        // Nobody else has this connection, so nobody can commit any more what goes with it.
        connection.destroy();
        failed(inTransaction(verb));
      } else {
        connection.release();
        answered(answer);
      }
    } catch (thrown) {
      failed(mysqlFailure(thrown, verb, outcome));
    }
  };
  try {
    if (plain) connection.execute(sql, values, done);
    // A new object each time: older versions of mysql2 keep the values on it, for good.
    else connection.execute({ ...PLAIN, sql, values }, done);
  } catch (error) {
    connection.destroy();
    failed(mysqlFailure(error, verb, 'none'));
  }
}
