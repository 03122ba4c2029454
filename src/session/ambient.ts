import { AsyncLocalStorage } from 'node:async_hooks';
import { CoatcheckError } from '../errors.ts';
import type { Session } from './types.ts';

/** Whatever has a session, or makes it when it is asked. */
export interface SessionHolder {
  readonly session: object;
}

/** One request's place in the chain: a request made inside a request has its own, with the outer one behind it. */
export interface SessionContext {
  readonly holder: SessionHolder;
  readonly parent: SessionContext | undefined;
}

const SLOT = Symbol.for('coatcheck.context');
const INSPECT = Symbol.for('nodejs.util.inspect.custom');

/** Bundlers load modules twice; all copies must find the same context. */
const shared = globalThis as { [SLOT]?: AsyncLocalStorage<SessionContext> };
shared[SLOT] ??= new AsyncLocalStorage<SessionContext>();
const contexts: AsyncLocalStorage<SessionContext> = shared[SLOT];

/** A context inside the current one. Keep it where the same request comes in again by an event. */
export function contextOf(holder: SessionHolder): SessionContext {
  return { holder, parent: contexts.getStore() };
}

/** Runs `fn` in a context, and costs next to nothing when it already does. */
export function runIn<T>(context: SessionContext, fn: () => T): T {
  return contexts.getStore() === context ? fn() : contexts.run(context, fn);
}

/**
 * Runs `fn` with `session` as the ambient one: in all it calls, awaits, and starts by timers.
 *
 * @example
 * await runWith(mySession, () => sendReport());
 */
export function runWith<T>(session: object, fn: () => T): T {
  return contexts.run(contextOf({ session }), fn);
}

/** The innermost session of the request that is being served; undefined outside a request. */
export function currentSession(): object | undefined {
  return contexts.getStore()?.holder.session;
}

/** The same; outside a request an error that says what to do. @throws CoatcheckError `SESSION_OUTSIDE_REQUEST` */
export function current(): object {
  const session = currentSession();
  if (session !== undefined) return session;
  throw new CoatcheckError(
    'SESSION_OUTSIDE_REQUEST',
    'The imported session, or a function that stands for it, was used outside a request. Mount the sessions before the code that uses it; in jobs, in ' +
      'listeners of emitters that outlive a request, and with `ambient: false`, hand the request’s session over instead.',
  );
}

/** Promises ask for `then`, and inspectors for symbols, of everything they meet: outside a request that is no use. */
function isProbe(key: string | symbol): boolean {
  return typeof key === 'symbol' || key === 'then';
}

/** Node inspects the target of a Proxy, not what its traps answer. */
const target = {
  [INSPECT](_depth: number, options: object, inspect?: (value: unknown, options: object) => string): string {
    const session = currentSession();
    if (session === undefined) return 'Session (no request)';
    return inspect === undefined ? String(session) : inspect(session, options);
  },
};

const traps: ProxyHandler<object> = {
  get(_target, key) {
    if (isProbe(key) && currentSession() === undefined) return undefined;
    const session = current();
    const value: unknown = Reflect.get(session, key, session);
    return typeof value === 'function' && key !== 'constructor' ? value.bind(session) : value;
  },
  set(_target, key, value) {
    const session = current();
    return Reflect.set(session, key, value, session);
  },
  has(_target, key) {
    if (isProbe(key) && currentSession() === undefined) return false;
    return Reflect.has(current(), key);
  },
  deleteProperty: (_target, key) => Reflect.deleteProperty(current(), key),
  defineProperty: (_target, key, descriptor) => Reflect.defineProperty(current(), key, descriptor),
  ownKeys: () => Reflect.ownKeys(current()),
  getOwnPropertyDescriptor(_target, key) {
    if (isProbe(key) && currentSession() === undefined) return undefined;
    const descriptor = Reflect.getOwnPropertyDescriptor(current(), key);
    // The target does not have the property, and a Proxy may then only call it configurable.
    return descriptor && { ...descriptor, configurable: true };
  },
  getPrototypeOf: () => Reflect.getPrototypeOf(currentSession() ?? target),
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};

/**
 * The session of the request that is being served, for code that is not handed `req`: Flask's `session`.
 *
 * It follows awaits, timers, emitters and streams. With two instances of sessions it is the innermost one's.
 *
 * @throws CoatcheckError `SESSION_OUTSIDE_REQUEST` when there is no request; symbols and `then` never throw
 *
 * @example
 * import { session } from 'coatcheck';
 * export function addToCart(item: string) {
 *   session.update('cart', (cart = []) => [...cart, item]);
 * }
 */
export const session: Session = new Proxy(target, traps) as unknown as Session;
