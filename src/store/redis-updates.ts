import { nextTurn } from '../next-turn.ts';
import { isNoScript, isUnknownRefusal, redisFailure, refusedInScript } from './redis-errors.ts';
import type { Script } from './redis-scripts.ts';

/** One record's compare-and-set, in the words of the script. */
export interface RedisUpdate {
  readonly key: string;
  /** The version to write over. */
  readonly version: string;
  readonly value: string;
  readonly ttl: string;
}

interface Waiter<T> extends RedisUpdate {
  readonly resolve: (result: T) => void;
  readonly reject: (error: unknown) => void;
  /** Makes the result of what the script for one record answers. */
  readonly read: (answer: unknown) => T;
}

/** What updates are sent with. */
export interface UpdateLine<T> {
  /** The script for many records. */
  readonly script: Script;
  /** One command, named by its first key. */
  send(key: string, args: string[]): Promise<unknown>;
  /** The script for one record. */
  alone(update: RedisUpdate, read: (answer: unknown) => T): Promise<T>;
}

/**
 * Redis does nothing else while a script runs, so that a turn's updates are cut into pieces. And the driver makes one
 * text of a command: those of more than 128 KB lie apart on V8's heap, where making them costs more than a command.
 */
const MOST_KEYS = 64;
const MOST_CHARACTERS = 64 * 1024;

/**
 * Sends what one turn of the event loop wants to update as one script, for one Redis that has all keys; a lone update
 * goes by the script for one. Sessions that are read in one round trip are mostly written in one turn as well, and a
 * command costs the driver more than all else that a write does. Each record is compared and set by itself: one that
 * was overtaken, or is none of ours, harms no other.
 */
export class TurnUpdates<T> {
  readonly #line: UpdateLine<T>;
  #waiters: Waiter<T>[] = [];
  /** Redis, or what stands before it, does not take several keys at once. */
  #refused = false;

  constructor(line: UpdateLine<T>) {
    this.#line = line;
  }

  add(update: RedisUpdate, read: (answer: unknown) => T): Promise<T> {
    if (this.#refused) return this.#line.alone(update, read);
    return new Promise((resolve, reject) => {
      const { key, version, value, ttl } = update;
      const waiter: Waiter<T> = { key, version, value, ttl, resolve, reject, read };
      if (this.#waiters.push(waiter) === 1) nextTurn(() => this.#send());
    });
  }

  #send(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (let from = 0; from < waiters.length; ) {
      let to = from;
      for (let length = 0; to < waiters.length && to - from < MOST_KEYS; to++) {
        length += (waiters[to] as Waiter<T>).value.length;
        if (to > from && length > MOST_CHARACTERS) break;
      }
      this.#sendPiece(from === 0 && to === waiters.length ? waiters : waiters.slice(from, to));
      from = to;
    }
  }

  #sendPiece(waiters: readonly Waiter<T>[]): void {
    try {
      if (waiters.length === 1) this.#each(waiters);
      else this.#sendMany(waiters);
    } catch (error) {
      // Nobody is there to catch what a driver throws.
      fail(waiters, error);
    }
  }

  #sendMany(waiters: readonly Waiter<T>[]): void {
    const { script, send } = this.#line;
    const rest = [String(waiters.length)];
    for (const { key } of waiters) rest.push(key);
    for (const { version, value, ttl } of waiters) rest.push(version, value, ttl);
    const first = (waiters[0] as Waiter<T>).key;
    const answered = (answer: unknown): void => tell(waiters, answer);
    const failed = (error: unknown): void => {
      if (isUnknownRefusal(error)) {
        this.#refused = true;
        this.#each(waiters);
      } else fail(waiters, error);
    };
    send(first, ['EVALSHA', script.sha, ...rest]).then(answered, (error) => {
      if (isNoScript(error)) send(first, ['EVAL', script.lua, ...rest]).then(answered, failed);
      else failed(error);
    });
  }

  #each(waiters: readonly Waiter<T>[]): void {
    for (const waiter of waiters) this.#line.alone(waiter, waiter.read).then(waiter.resolve, waiter.reject);
  }
}

function tell<T>(waiters: readonly Waiter<T>[], answer: unknown): void {
  const answers: readonly unknown[] = Array.isArray(answer) ? answer : [];
  for (const [at, { read, resolve, reject }] of waiters.entries()) {
    const one = answers[at];
    try {
      if (typeof one === 'string' && one.startsWith('!'))
        throw redisFailure(refusedInScript(one.slice(1)), 'update', 'unknown');
      resolve(read(typeof one === 'string' && one.startsWith('=') ? one.slice(1) : one));
    } catch (error) {
      reject(error);
    }
  }
}

function fail<T>(waiters: readonly Waiter<T>[], error: unknown): void {
  const failure = redisFailure(error, 'update', 'unknown');
  for (const { reject } of waiters) reject(failure);
}
