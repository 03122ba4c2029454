import { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import { runIn, type SessionContext } from '../session/ambient.ts';
import type { Verb } from './gate-calls.ts';
import type { NodeResponse } from './node-head.ts';

/**
 * A framework gives its responses a prototype of its own: Express, `express.response`. There the methods of the gate
 * stand once for all, and look up the gate of the response they are called on; responses without one are passed on.
 *
 * The neighbourly way, methods of each response's own, is taken where there is no such prototype. After a prototype was
 * exchanged, as Express does with each response, Node 20 gives every object a shape of its own, and each property
 * added costs more than a microsecond: four methods, a lock and an emitter were a quarter of a request.
 */

/** What stands before a response. */
export interface Keeper {
  arrive(verb: Verb, args: unknown[]): unknown;
  /** While the bytes wait. */
  readonly waiting: Waiting | undefined;
}

/** What a handler is shown and refused meanwhile. */
export interface Waiting {
  readonly held: boolean;
  /** `end` was called. */
  readonly ended: boolean;
}

/** What a handler must not change once its head is on the way: as on a response whose head has left. */
export const LOCKED = ['setHeader', 'removeHeader', 'appendHeader', 'setHeaders'] as const;

const VERBS = ['writeHead', 'write', 'end', 'flushHeaders'] as const;

type Method = (this: unknown, ...args: unknown[]) => unknown;

const keepers = new WeakMap<object, Keeper>();
const contexts = new WeakMap<object, SessionContext>();

/** The home of the responses with a prototype; undefined where there is none. */
const homes = new WeakMap<object, NodeResponse | undefined>();
const furnished = new WeakSet<object>();

/** Puts a keeper before a response by its home; undefined where the response itself must be changed. */
export function keepAtHome(response: NodeResponse, keeper: Keeper): NodeResponse | undefined {
  const home = homeOf(response);
  if (home === undefined || keepers.has(response)) return undefined;
  keepers.set(response, keeper);
  return home;
}

/** The response is through. A key that stayed would outlive its request by a collection or two, and all that hangs on it. */
export function leaveHome(response: object, keeper: Keeper): void {
  if (keepers.get(response) === keeper) keepers.delete(response);
}

/** Lets the response's listeners run in the request's context; false where the response itself must be changed. */
export function bindAtHome(response: NodeResponse, context: SessionContext): boolean {
  if (homeOf(response) === undefined) return false;
  contexts.set(response, context);
  return true;
}

export function tooLate(): never {
  const error = new Error('Cannot change headers after they are sent to the client');
  throw Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
}

function homeOf(response: NodeResponse): NodeResponse | undefined {
  const prototype = Object.getPrototypeOf(response) as object;
  if (homes.has(prototype)) return homes.get(prototype);
  const home = topmost(prototype);
  const fits = home !== undefined && (furnished.has(home) || isFree(home));
  homes.set(prototype, fits ? home : undefined);
  if (!fits || furnished.has(home)) return homes.get(prototype);
  furnish(home);
  furnished.add(home);
  // Middleware that ran before may hold the methods of this very response as they were; the next one is as it should.
  return VERBS.some((verb) => Object.hasOwn(response, verb)) ? undefined : home;
}

/** The last prototype before Node's own: what a mounted application puts in front comes and goes. */
function topmost(prototype: object): NodeResponse | undefined {
  let home: object | undefined;
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at)) {
    if (at === ServerResponse.prototype) return home as NodeResponse | undefined;
    if (at === Http2ServerResponse.prototype) return undefined;
    home = at;
  }
  return undefined;
}

/** Who has methods of these names there means something by them. */
function isFree(home: object): boolean {
  const names = [...VERBS, ...LOCKED, 'headersSent', 'writableEnded', 'emit'];
  return Object.isExtensible(home) && !names.some((name) => Object.hasOwn(home, name));
}

function furnish(home: NodeResponse): void {
  const below = Object.getPrototypeOf(home) as Record<string, Method | undefined>;
  const method = (name: string, value: Method) =>
    Object.defineProperty(home, name, { value, writable: true, configurable: true });
  for (const verb of VERBS) {
    method(verb, function (...args) {
      const keeper = keepers.get(this as object);
      return keeper === undefined ? below[verb]?.apply(this, args) : keeper.arrive(verb, args);
    });
  }
  for (const name of LOCKED) {
    if (below[name] === undefined) continue;
    method(name, function (...args) {
      if (keepers.get(this as object)?.waiting?.held === true) tooLate();
      return below[name]?.apply(this, args);
    });
  }
  method('emit', function (...args) {
    const context = contexts.get(this as object);
    if (context !== undefined && args[0] === 'close') contexts.delete(this as object);
    return context === undefined ? below.emit?.apply(this, args) : runIn(context, () => below.emit?.apply(this, args));
  });
  const fact = (name: string, whileHeld: (waiting: Waiting) => boolean) =>
    Object.defineProperty(home, name, {
      get(this: object) {
        const waiting = keepers.get(this)?.waiting;
        return (waiting?.held === true && whileHeld(waiting)) || Reflect.get(below, name, this);
      },
      configurable: true,
    });
  fact('headersSent', () => true);
  fact('writableEnded', ({ ended }) => ended);
}
