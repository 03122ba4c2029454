import { CoatcheckError } from '../errors.ts';
import { acts } from './acts.ts';
import { isMutable, own } from './data.ts';
import type { RequestSession } from './request-session.ts';

type Verb = (session: RequestSession, ...args: never[]) => unknown;

/** What a session does, by name. The dictionary binds them to the session they were taken from. */
const verbs = {
  get: (session: RequestSession, key: string, fallback?: unknown) => {
    const value = session.get(key);
    return value === undefined ? fallback : value;
  },
  has: (session: RequestSession, key: string) => session.has(key),
  delete: (session: RequestSession, key: string) => session.delete(key),
  pop: (session: RequestSession, key: string, fallback?: unknown) => {
    const value = own(session.look(), key);
    return session.delete(key) ? value : fallback;
  },
  setDefault: (session: RequestSession, key: string, value: unknown) => session.setDefault(key, value),
  update,
  clear: (session: RequestSession) => session.clear(),
  keys: (session: RequestSession) => Object.keys(session.look()),
  entries: (session: RequestSession) => Object.entries(copyData(session)),
  toJSON: (session: RequestSession) => copyData(session),
  ...acts,
} satisfies Record<string, Verb>;

/** Verbs that give the session back, so that calls can be chained. */
const chained = {
  set: (session: RequestSession, key: string, value: unknown) => session.set(key, value),
  assign: (session: RequestSession, values: Record<string, unknown>) => assign(session, values),
} satisfies Record<string, Verb>;

/** What a session tells, by name. */
const facts = {
  handle: (session: RequestSession) => {
    session.look();
    return session.origin.kind === 'record' ? session.engine.handle(session.origin.key) : undefined;
  },
  isNew: (session: RequestSession) => {
    session.look();
    return session.isNew || session.origin.kind !== 'record';
  },
  accessed: (session: RequestSession) => session.accessed,
  modified: (session: RequestSession) => session.modified,
  permanent: (session: RequestSession) => session.permanent,
  createdAt: (session: RequestSession) => {
    session.look();
    return session.origin.kind === 'record' && session.origin.decoded !== undefined
      ? new Date(session.origin.decoded.meta.created)
      : undefined;
  },
  expiresAt: (session: RequestSession) => {
    session.look();
    return session.origin.kind === 'record' ? new Date(session.origin.record.expiresAt) : undefined;
  },
};

/** What reading a member as a property gives; `self` is the session's face. */
type Member = (session: RequestSession, self: object) => unknown;

/**
 * A session is no promise, whatever its data, and has no prototype of its own; asking is no look. Undefined as a
 * property, and therefore no name for one.
 */
const BLANK: readonly string[] = ['then', '__proto__', 'constructor', 'prototype'];

/** One look-up tells a member from a key: every property read asks. */
const members: ReadonlyMap<string, Member> = new Map<string, Member>([
  ...Object.entries(verbs as Record<string, (session: RequestSession, ...args: unknown[]) => unknown>).map(
    ([name, verb]): [string, Member] => [
      name,
      (session) =>
        (...args: unknown[]) =>
          verb(session, ...args),
    ],
  ),
  ...Object.entries(chained as Record<string, (session: RequestSession, ...args: unknown[]) => void>).map(
    ([name, verb]): [string, Member] => [
      name,
      (session, self) =>
        (...args: unknown[]) => {
          verb(session, ...args);
          return self;
        },
    ],
  ),
  ...Object.entries(facts),
  ...BLANK.map((name): [string, Member] => [name, () => undefined]),
]);

/** What a property of this name gives; undefined means that the name is a key of the data. */
export function member(name: string): Member | undefined {
  return members.get(name);
}

/** A deep copy of the data, for logging, JSON and iteration. */
export function copyData(
  session: RequestSession,
  data: Record<string, unknown> = session.look(),
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(data)) {
    copy[key] = isMutable(value) ? session.engine.copyOf(value) : value;
  }
  return copy;
}

function update(session: RequestSession, key: string, fn: (value: unknown) => unknown): void {
  if (typeof key !== 'string' || typeof fn !== 'function') {
    throw new CoatcheckError(
      'USAGE',
      'session.update takes a key and a function: session.update("n", (n = 0) => n + 1). For several keys use assign.',
    );
  }
  session.update(key, fn);
}

function assign(session: RequestSession, values: Record<string, unknown>): void {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new CoatcheckError('USAGE', 'session.assign takes an object: session.assign({ user: "ann", cart: [] }).');
  }
  session.look();
  const entries = Object.entries(values);
  for (const [key, value] of entries) session.check(key, value);
  for (const [key, value] of entries) session.set(key, value);
}
