import { CoatcheckError } from '../errors.ts';
import type {
  Capabilities,
  Created,
  Document,
  Owner,
  Scanned,
  Store,
  StoredRecord,
  Updated,
  Version,
} from './contract.ts';
import type { RedisDriver } from './redis-driver.ts';
import { foreign, isCrossSlot, isNoScript, offline, redisFailure, unanswered } from './redis-errors.ts';
import { scanStep } from './redis-scan.ts';
import { redisScripts, type Script } from './redis-scripts.ts';
import { type RedisUpdate, TurnUpdates } from './redis-updates.ts';
import { decodeValue, digits, encodeValue, MAX_BYTES } from './redis-value.ts';
import { newVersion } from './redis-version.ts';

/** Arguments of WAIT, and what it must count. */
export interface Replicas {
  readonly count: number;
  readonly wait: string[];
}

/** How much longer than the record's life Redis keeps it. */
const TTL_SLACK_MS = 60_000;

/**
 * The verbs. None is an async function, and each answer passes one `then`: on Node 20 every promise is dear while there
 * is an ambient session.
 */
export class RedisStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly serverOf?: (key: string) => string;
  readonly #driver: RedisDriver;
  readonly #prefix: string;
  readonly #replicas: Replicas | undefined;
  readonly #close: (() => Promise<void>) | undefined;
  readonly #scripts = redisScripts();
  /** Where all keys are of one Redis, and nobody waits for replicas after each write. */
  readonly #updates: TurnUpdates<Updated> | undefined;
  #closed = false;

  constructor(driver: RedisDriver, prefix: string, replicas?: Replicas, close?: () => Promise<void>) {
    this.#driver = driver;
    this.#prefix = prefix;
    this.#replicas = replicas;
    this.#close = close;
    if (driver.nodeOf !== undefined) this.serverOf = (key) => driver.nodeOf?.(prefix + key) ?? '';
    else if (replicas === undefined) {
      this.#updates = new TurnUpdates({
        script: this.#scripts.updateMany,
        send: (first, args) => this.#write('update', first, args),
        alone: (update, read) => this.#update(update, read),
      });
    }
  }

  read(key: string): Promise<StoredRecord | undefined> {
    if (this.#closed || !this.#driver.ready) return this.#unable('read');
    const full = this.#prefix + key;
    return this.#driver.send(full, ['GET', full]).then(readRecord, failedRead);
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    if (this.#closed || !this.#driver.ready) return this.#unable('read');
    const full = keys.map((key) => this.#prefix + key);
    return this.#driver
      .getMany(full)
      .then(readRecords, (error) => (isCrossSlot(error) ? this.#readEach(full) : failedRead(error)));
  }

  #readEach(full: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    const each = full.map((key) => this.#driver.send(key, ['GET', key]).catch((error: unknown) => error));
    return Promise.all(each).then(readRecords, failedRead);
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    const full = this.#prefix + key;
    const version = newVersion();
    let args: string[];
    try {
      args = ['SET', full, encodeValue(version, document, expiresAt, owner), 'NX', 'PX', ttl(expiresAt)];
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#write('create', full, args).then((answer): Created | Promise<Created> => {
      if (answer === null) return this.#taken(key, version, owner);
      checkOk(answer, 'create');
      const ok: Created = { result: 'ok', version };
      return owner === undefined ? ok : this.#index('create', key, owner).then(() => ok);
    }, failedCreate);
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    const next = newVersion();
    let update: RedisUpdate;
    try {
      const value = encodeValue(next, document, expiresAt, undefined);
      update = { key: this.#prefix + key, version: String(version), value, ttl: ttl(expiresAt) };
    } catch (error) {
      return Promise.reject(error);
    }
    const read = (answer: unknown): Updated => {
      if (isNumber(answer, 1)) return { result: 'ok', version: next };
      if (isNumber(answer, 0)) return { result: 'gone' };
      const current = record(answer, 'update');
      // Our own version is there already: a driver sent the script twice, and the first one wrote.
      if (current.version === next) return { result: 'ok', version: next };
      return { result: 'conflict', current };
    };
    return this.#updates === undefined ? this.#update(update, read) : this.#updates.add(update, read);
  }

  #update({ key, version, value, ttl: life }: RedisUpdate, read: (answer: unknown) => Updated): Promise<Updated> {
    const { update } = this.#scripts;
    return this.#run('update', update, ['EVALSHA', update.sha, '1', key, version, value, life], read);
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    const full = this.#prefix + key;
    const { touch } = this.#scripts;
    let args: string[];
    try {
      args = ['EVALSHA', touch.sha, '1', full, String(version), digits(expiresAt), ttl(expiresAt)];
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#run('touch', touch, args, (answer) => isNumber(answer, 1));
  }

  destroy(key: string, owner?: string): Promise<boolean> {
    const full = this.#prefix + key;
    return this.#write('destroy', full, ['DEL', full]).then((answer): boolean | Promise<boolean> => {
      const was = isNumber(answer, 1);
      if (!was && !isNumber(answer, 0)) throw unanswered('destroy');
      return owner === undefined ? was : this.#unlist('destroy', owner, key, true).then(() => was);
    }, failedDestroy);
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    const full = this.#prefix + key;
    let args: string[];
    try {
      args = ['SET', full, encodeValue(newVersion(), document, expiresAt, owner), 'PX', ttl(expiresAt)];
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#write('put', full, args).then((answer): void | Promise<void> => {
      checkOk(answer, 'put');
      return owner === undefined ? undefined : this.#index('put', key, owner);
    }, failedPut);
  }

  listOwned(owner: string): Promise<readonly string[]> {
    if (this.#closed || !this.#driver.ready) return this.#unable('listOwned');
    const list = this.#list(owner);
    return this.#driver.send(list, ['ZRANGE', list, '0', '-1']).then(
      (answer) => answer as string[],
      (error) => {
        throw redisFailure(error, 'listOwned', 'none');
      },
    );
  }

  forget(owner: string, key: string): Promise<void> {
    return this.#unlist('forget', owner, key, false);
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    if (this.#closed || !this.#driver.ready) return this.#unable('scan');
    return scanStep(this.#driver, this.#prefix, cursor, limit).catch((error) => {
      throw redisFailure(error, 'scan', 'none');
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#close?.();
  }

  #list(owner: string): string {
    return `${this.#prefix}~owner:${owner}`;
  }

  async #taken(key: string, version: string, owner: Owner | undefined): Promise<Created> {
    const current = await this.read(key);
    if (owner !== undefined && current?.owner?.name === owner.name) {
      // The answer to an earlier attempt may have been lost before the index was written.
      await this.#index('create', key, current.owner);
    }
    // Our own version is there already: a driver sent the command twice, and the first one wrote.
    return current?.version === version ? { result: 'ok', version } : { result: 'exists', current };
  }

  #index(verb: string, key: string, { name, until }: Owner): Promise<void> {
    const { index } = this.#scripts;
    const args = ['EVALSHA', index.sha, '1', this.#list(name), key, String(until), String(Date.now())];
    return this.#run(verb, index, args, () => undefined, true);
  }

  #unlist(verb: string, owner: string, key: string, begun: boolean): Promise<void> {
    const list = this.#list(owner);
    return this.#write(verb, list, ['ZREM', list, key]).then(
      () => undefined,
      (error) => {
        throw redisFailure(error, verb, 'unknown', begun);
      },
    );
  }

  /**
   * Runs a script by its hash, and by its text where Redis does not know it.
   *
   * @param args EVALSHA, the hash, '1', the key and the rest
   * @param begun the record was written before
   */
  #run<T>(verb: string, { lua }: Script, args: string[], read: (answer: unknown) => T, begun = false): Promise<T> {
    const key = args[3] as string;
    return this.#write(verb, key, args).then(read, (error) => {
      if (!isNoScript(error)) throw redisFailure(error, verb, 'unknown', begun);
      return this.#write(verb, key, ['EVAL', lua, ...args.slice(2)]).then(read, (failure) => {
        throw redisFailure(failure, verb, 'unknown', begun);
      });
    });
  }

  /** One writing command, and its answer when as many replicas have it as are asked for. */
  #write(verb: string, key: string, args: string[]): Promise<unknown> {
    if (this.#closed || !this.#driver.ready) return this.#unable(verb);
    const replicas = this.#replicas;
    if (replicas === undefined) return this.#driver.send(key, args);
    return this.#driver.sendAndWait(key, args, replicas.wait).then(([answer, count]) => {
      if (Number(count) >= replicas.count) return answer;
      // Not to be made again: it would find itself stored, and take that for an answer.
      throw new CoatcheckError(
        'STORE_FAILED',
        `Redis store, ${verb}: fewer replicas than \`durable.replicas\` have the write: look at the replicas.`,
        { outcome: 'unknown' },
      );
    });
  }

  #unable(verb: string): Promise<never> {
    if (!this.#closed) return Promise.reject(offline(verb));
    return Promise.reject(
      new CoatcheckError('STORE_FAILED', `Redis store, ${verb}: the store was closed.`, { outcome: 'none' }),
    );
  }
}

function ttl(expiresAt: number): string {
  return String(Math.max(0, Math.ceil(expiresAt - Date.now())) + TTL_SLACK_MS);
}

function readRecord(answer: unknown): StoredRecord | undefined {
  return answer === null ? undefined : record(answer, 'read');
}

function checkOk(answer: unknown, verb: string): void {
  if (answer !== 'OK') throw unanswered(verb);
}

function readRecords(answers: readonly unknown[]): (StoredRecord | Error | undefined)[] {
  if (!Array.isArray(answers)) throw foreign('read');
  return answers.map((answer) => {
    if (answer === null) return undefined;
    if (answer instanceof Error) return redisFailure(answer, 'read', 'none');
    return (typeof answer === 'string' ? decodeValue(answer) : undefined) ?? foreign('read');
  });
}

function record(answer: unknown, verb: string): StoredRecord {
  const found = typeof answer === 'string' ? decodeValue(answer) : undefined;
  if (found === undefined) throw foreign(verb);
  return found;
}

/** A client may be set up to give numbers as text. */
function isNumber(answer: unknown, number: 0 | 1): boolean {
  return answer === number || answer === String(number);
}

const failing =
  (verb: string, outcome: 'none' | 'unknown') =>
  (error: unknown): never => {
    throw redisFailure(error, verb, outcome);
  };
const failedRead: (error: unknown) => never = failing('read', 'none');
const failedCreate: (error: unknown) => never = failing('create', 'unknown');
const failedDestroy: (error: unknown) => never = failing('destroy', 'unknown');
const failedPut: (error: unknown) => never = failing('put', 'unknown');
