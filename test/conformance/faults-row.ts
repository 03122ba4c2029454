import { test } from 'vitest';
import type { App, Env } from './app.ts';
import type { Refused, Witness } from './dead-store.ts';

/** A server, or a disk, that applications stand on. */
export interface Standing {
  /** The settings of the application that meets the faults: through a relay, where there is one. */
  readonly env: Env;
  /** The same without a relay. Default: `env`. */
  readonly direct?: Env;
  stop(): unknown;
}

/** Harm, and what mends it. */
export interface Harm<S> {
  begin(standing: S): unknown;
  end(standing: S): unknown;
}

/** A fault, or the reason why the store has none of this kind. */
export type Fault<T> = T | string;

/** Nobody is there. */
export interface Death<S> extends Harm<S> {
  /** For so many milliseconds, in which a driver asks less and less often. Default: no longer than the test needs. */
  readonly ms?: number;
}

/** Nobody answers, and connections stay open. */
export interface Silence<S> extends Harm<S> {
  /** For so many milliseconds, in which the store gives connections up. Default: no longer than one deadline. */
  readonly ms?: number;
}

/** Answers come late. */
export interface Slowness<S> {
  /** But within the deadline of a request. */
  late(standing: S): unknown;
  /** Those to writes do not come, from the next one on, before `end`. */
  later(standing: S): unknown;
  end(standing: S): unknown;
  /** What is true of a write that was given up. */
  readonly outcome: 'none' | 'unknown';
}

/** Answers are lost, with the connection that they were on. */
export interface Loss<S> {
  /** From now on those to writes that `which` says. */
  begin(standing: S, which: () => boolean): void;
  end(standing: S): void;
  /** More of 50 writes than these are done all the same. Default 25. */
  readonly most?: number;
  /** How many were lost. */
  lost(standing: S): number;
  /** Cuts every connection. */
  cut(standing: S): unknown;
}

/** The server, or the disk, does not do what it is asked to. */
export interface Refusal<S> extends Harm<S>, Omit<Refused, 'outcome'> {
  /** Behind "one that ...". */
  readonly what: string;
  /** Of a write. Default: none. */
  readonly outcome?: 'none' | 'unknown' | 'either';
  /** Default: all. `large`: of the writes only those that need room; `writes`: reads go on. */
  readonly refuses?: 'large' | 'writes' | 'all';
  /** Whether everything is as it was when it is mended. Default true. */
  readonly keeps?: boolean;
}

/** What somebody else did to a record. */
export interface Spoiling<S> {
  readonly what: string;
  begin(standing: S, key: string): unknown;
  /** What its visitor meets: a new session, or an error until somebody removes the record. */
  readonly leaves: 'nobody' | RegExp;
}

/** A store that cannot be opened: its URL, what the message says. */
export type Stranger<S> = readonly [what: string, url: (standing: S) => string | Promise<string>, says: RegExp];

/** How one store fails, on its real server. */
export interface FaultRow<S extends Standing> {
  /** As its messages begin: `Redis` for `Redis store, read: ...`. */
  readonly store: string;
  /** Why there is no server; undefined where there is. */
  readonly missing: string | undefined;
  start(): Promise<S>;
  /** What the application says when nobody is there at its start. */
  readonly absent: Fault<RegExp>;
  readonly strangers: Fault<readonly Stranger<S>[]>;
  readonly killed: Fault<Death<S>>;
  /** How long a driver may take to find a server that comes for the first time, in milliseconds. Default 1500. */
  readonly patience?: number;
  /** Whether what was held before a kill is there after it. */
  readonly keeps: boolean;
  readonly silent: Fault<Silence<S>>;
  readonly slow: Fault<Slowness<S>>;
  readonly lossy: Fault<Loss<S>>;
  readonly full: Fault<Refusal<S>>;
  readonly readOnly: Fault<Refusal<S>>;
  /** Passwords and rights that are withdrawn in mid-run. */
  readonly withdrawn: Fault<readonly Refusal<S>[]>;
  readonly truncated: Fault<Spoiling<S>>;
  readonly foreign: Fault<Spoiling<S>>;
  /** Removes a record, as somebody would who found it spoiled. */
  remove(standing: S, key: string): unknown;
}

/** Where the faults happen; its members are there while tests run. */
export interface Scene<S> {
  /** As its messages begin. */
  readonly store: string;
  readonly standing: S;
  readonly app: App;
  /** Who has just arrived. */
  readonly witness: Witness;
  /** Does harm, and mends it at the test's end where the test did not; gives what mends it. */
  harm(harm: Harm<S>): Promise<() => Promise<void>>;
}

/** A test of a fault, or a skip that says why there can be none. */
export function testFault<T>(title: string, fault: Fault<T>, run: (fault: T) => Promise<void>, timeout = 20_000): void {
  if (typeof fault === 'string') test.skip(`${title} (there is no such fault: ${fault})`, () => undefined);
  else test(title, { timeout }, () => run(fault));
}
