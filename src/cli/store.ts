import { existsSync } from 'node:fs';
import type { Environment } from '../env/given.ts';
import { readSettings } from '../env/read.ts';
import { CoatcheckError } from '../errors.ts';
import { Events } from '../events.ts';
import { StoreAccess } from '../interface/access.ts';
import { StoreSource } from '../interface/store-source.ts';
import type { Store } from '../store/contract.ts';
import { Budget } from '../store/deadline.ts';
import { storeOf, type UrlSaid, urlSaid } from '../url/words.ts';
import { PREFIXED_SCHEMES, STORE_SCHEMES, type StoreUrlOptions, storeFromUrl } from '../url.ts';
import { usage } from './exit.ts';
import type { Io } from './io.ts';
import type { OptionHelps, Values } from './values.ts';

/** What names a store on the command line. */
export const STORE_OPTIONS: OptionHelps = {
  store: { value: 'URL', help: 'the store, or env:NAME for the URL in a variable; else SESSION_URI and its kin' },
  prefix: { value: 'TEXT', help: 'in front of every key, for Redis and memcached' },
  table: { value: 'NAME', help: 'the table, for SQLite, PostgreSQL and MySQL' },
  schema: { value: 'NAME', help: 'the schema of the table, for PostgreSQL' },
};

/** Where a store is. */
export interface Place {
  readonly url: string;
  readonly options: StoreUrlOptions;
}

/** How long the calls of one batch may take in all (ms): nobody waits for an answer in a browser. */
const PATIENCE_MS = 30_000;

/**
 * The store that the options or else the environment name.
 *
 * @throws CoatcheckError `USAGE` where neither does, `SETTING_INVALID`
 */
export function placeOf(values: Values, io: Io): Place {
  const options = sayable(values);
  const said = values.text('store');
  if (said !== undefined) return checked({ url: urlIn(said, io.env), options });
  const { store } = readSettings(io.env, { all: STORE_SCHEMES, prefixed: PREFIXED_SCHEMES });
  if (store === undefined) throw usage('Which store? Write --store redis://127.0.0.1:6379, or set SESSION_URI');
  const { prefix, table, schema } = store;
  const set = { ...spoken('prefix', prefix), ...spoken('table', table), ...spoken('schema', schema) };
  return checked({ url: store.url, options: { ...set, ...options } });
}

/** One of two stores: `--from`, `--from-prefix` and so on. */
export function sideOf(values: Values, io: Io, side: 'from' | 'to'): Place {
  const said = values.text(side);
  if (said === undefined) throw usage('migrate needs both: --from URL and --to URL');
  return checked({ url: urlIn(said, io.env), options: sayable(values, `${side}-`) });
}

/** `env:NAME` is the URL in that variable: a password in it stands in no list of processes and in no shell's memory. */
export function urlIn(said: string, env: Environment): string {
  const name = /^env:(\w+)$/.exec(said)?.[1];
  if (name === undefined) return said;
  const url = env[name];
  if (typeof url === 'string' && url !== '') return url;
  throw usage('The variable behind env: is not set');
}

/** What a URL cannot say. */
export function sayable(values: Values, side = ''): StoreUrlOptions {
  return {
    ...spoken('prefix', values.text(`${side}prefix`)),
    ...spoken('table', values.text(`${side}table`)),
    ...spoken('schema', values.text(`${side}schema`)),
  };
}

function spoken<N extends string>(name: N, value: string | undefined): Partial<Record<N, string>> {
  return value === undefined ? {} : ({ [name]: value } as Record<N, string>);
}

function checked(place: Place): Place {
  if (!place.url.startsWith('memory:')) return place;
  throw usage(
    'memory: is the memory of the process that asks, and nobody else sees into it. Name the store of the application',
  );
}

/** A URL for people: without user and password, and without its query, which may hold one. */
export function shown({ url }: Place): string {
  return withoutLogin(url).split('?', 1)[0] ?? '';
}

function withoutLogin(url: string): string {
  return url.replace(/^([^:/]*:\/\/).*@/s, '$1');
}

/** Which records a place means, without passwords: two of the same text are the same. */
export function identityOf({ url, options }: Place): string {
  const said = inUrl(url);
  const { prefix, table, schema, database } = { ...said.options, ...options } as Record<string, unknown>;
  return JSON.stringify([withoutLogin(said.url), prefix, table, schema, database]);
}

/** What a URL says behind its question mark, apart from the rest of it. */
export function inUrl(url: string): UrlSaid {
  return urlSaid(url, storeOf(url.split(':', 1)[0] ?? ''));
}

/** An open store and ways to it, each with a deadline of its own. */
export class Desk {
  readonly store: Store;
  readonly #source: StoreSource;
  readonly #events = new Events(undefined, Date.now);

  private constructor(source: StoreSource, store: Store) {
    this.#source = source;
    this.store = store;
  }

  /** @throws CoatcheckError what the store says, `DRIVER_MISSING` */
  static async open({ url, options }: Place): Promise<Desk> {
    const source = new StoreSource(() => storeFromUrl(url, options));
    return new Desk(source, await source.open());
  }

  /** With a store that is open, and stays open. */
  static over(store: Store): Desk {
    return new Desk(new StoreSource(store), store);
  }

  /** For the calls of one batch. They are made again where that is safe. */
  access(): StoreAccess {
    return new StoreAccess(this.#source, this.store, new Budget(PATIENCE_MS), this.#events, undefined);
  }

  get events(): Events {
    return this.#events;
  }

  close(): Promise<void> {
    return this.#source.close();
  }
}

/** A store of this machine that is not there, and that opening would make. */
export function isMissing({ url }: Place): boolean {
  const path = /^(?:sqlite|file):([^?]*)/.exec(url)?.[1];
  return path !== undefined && !existsSync(path.startsWith('///') ? path.slice(2) : path);
}

/**
 * Opens the store that was named, and closes it when all is done.
 *
 * @throws CoatcheckError `USAGE` for a file or folder that is not there: nobody wants a new one to look at
 */
export async function atDesk<T>(place: Place, use: (desk: Desk) => Promise<T>): Promise<T> {
  if (isMissing(place)) throw usage('There is no such file or folder as the URL of the store names');
  return atNewDesk(place, use);
}

/** The same, and makes a file or folder that is not there. */
export async function atNewDesk<T>(place: Place, use: (desk: Desk) => Promise<T>): Promise<T> {
  const desk = await Desk.open(place);
  try {
    return await use(desk);
  } finally {
    await desk.close();
  }
}

/** @throws CoatcheckError `SCAN_UNSUPPORTED` */
export function scanUnsupported(place: Place): CoatcheckError {
  const scheme = place.url.split(':', 1)[0];
  return new CoatcheckError(
    'SCAN_UNSUPPORTED',
    `A ${scheme}: store cannot walk over its records. Those that can: files, SQLite, PostgreSQL, MySQL, Redis, MongoDB, DynamoDB, Datastore.`,
  );
}
