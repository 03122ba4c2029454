import { IncomingMessage, ServerResponse } from 'node:http';
import { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { runIn, type SessionContext } from '../session/ambient.ts';
import type { Verb } from './gate-calls.ts';
import type { NodeResponse } from './node-head.ts';
import type { NodeRequest } from './node-request.ts';
import { type Carried, innermost, putDown } from './slot.ts';

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
  /** The response was closed, and the gate has not let its end through. */
  closed(): void;
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

/** The homes of requests and responses by their prototypes; undefined where there is none. */
const homes = new WeakMap<object, object | undefined>();
const furnished = new WeakSet<object>();

/** Whether `req.session` of a request, and the gate of its response, have a home. */
export function areAtHome(request: NodeRequest, response: NodeResponse): boolean {
  return homeOf(request, REQUESTS) !== undefined && homeOf(response, RESPONSES) !== undefined;
}

/** Puts a keeper before a response by its home; undefined where the response itself must be changed. */
export function keepAtHome(response: NodeResponse, keeper: Keeper): NodeResponse | undefined {
  const home = homeOf(response, RESPONSES) as NodeResponse | undefined;
  if (home === undefined || keepers.has(response)) return undefined;
  keepers.set(response, keeper);
  return home;
}

/** Everybody has heard that the response is closed. Whoever goes on without it still has the session. */
function through(response: NodeResponse & { readonly req?: object; readonly locals?: unknown }): void {
  contexts.delete(response);
  const { req } = response;
  const carried = req && innermost(req);
  // Closed before it was answered: what the handler still does is heeded.
  if (req === undefined || carried === undefined || keepers.has(response)) return;
  const { locals } = response;
  // Beside what the application keeps for this response: a property more of the request itself would cost too much.
  if (typeof locals === 'object' && locals !== null) (locals as { [LATE]?: Carried })[LATE] = carried;
  else own(req, 'session', carried.seen);
  putDown(req);
}

const LATE = Symbol('coatcheck.late');

function lateOf({ res }: { readonly res?: { readonly locals?: { [LATE]?: Carried } } }): Carried | undefined {
  return res?.locals?.[LATE];
}

/** The gate has nothing to say any more. What stays in a WeakMap outlives its request by a collection or two. */
export function leaveHome(response: object, keeper: Keeper): void {
  if (keepers.get(response) === keeper) keepers.delete(response);
}

/** Lets the response's listeners run in the request's context; false where the response itself must be changed. */
export function bindAtHome(response: NodeResponse, context: SessionContext): boolean {
  if (homeOf(response, RESPONSES) === undefined) return false;
  contexts.set(response, context);
  return true;
}

export function tooLate(): never {
  const error = new Error('Cannot change headers after they are sent to the client');
  throw Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
}

/** What is put into the home of one kind of objects. */
interface Furniture {
  readonly roots: readonly object[];
  readonly names: readonly string[];
  furnish(home: object): void;
  /** The prototype asked for last, which is nearly always the next one too, and its home. */
  recent: object | undefined;
  recentHome: object | undefined;
}

const RESPONSES: Furniture = {
  roots: [ServerResponse.prototype, Http2ServerResponse.prototype],
  names: [...VERBS, ...LOCKED, 'headersSent', 'writableEnded', 'emit'],
  furnish: (home) => furnishResponses(home as NodeResponse),
  recent: undefined,
  recentHome: undefined,
};

const REQUESTS: Furniture = {
  roots: [IncomingMessage.prototype, Http2ServerRequest.prototype],
  names: ['session'],
  furnish: furnishRequests,
  recent: undefined,
  recentHome: undefined,
};

function homeOf(one: object, furniture: Furniture): object | undefined {
  const prototype = Object.getPrototypeOf(one) as object;
  if (prototype === furniture.recent) return furniture.recentHome;
  let home = homes.get(prototype);
  if (home === undefined && !homes.has(prototype)) {
    home = topmost(prototype, furniture);
    if (home !== undefined && !furnished.has(home)) {
      furniture.furnish(home);
      furnished.add(home);
    }
    homes.set(prototype, home);
    // Middleware that ran before may hold the methods of this very response as they were; the next one is as it should.
    if (furniture.names.some((name) => Object.hasOwn(one, name))) return undefined;
  }
  furniture.recent = prototype;
  furniture.recentHome = home;
  return home;
}

/** The last prototype before Node's own, if nobody has furnished it: what a mounted application puts in front comes and goes. */
function topmost(prototype: object, { roots, names }: Furniture): object | undefined {
  let home: object | undefined;
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (roots.includes(at)) break;
    home = at;
  }
  if (home === undefined || furnished.has(home)) return home;
  // Who has methods of these names there means something by them.
  const free = Object.isExtensible(home) && !names.some((name) => Object.hasOwn(home, name));
  return free ? home : undefined;
}

function furnishRequests(home: object): void {
  Object.defineProperty(home, 'session', {
    get(this: object) {
      return (innermost(this) ?? lateOf(this))?.seen;
    },
    set(this: object, value: unknown) {
      const carried = innermost(this);
      if (carried !== undefined) carried.seen = value;
      // Somebody else's request.
      else own(this, 'session', value);
    },
    configurable: true,
  });
}

function own(one: object, name: string, value: unknown): void {
  Object.defineProperty(one, name, { value, writable: true, enumerable: true, configurable: true });
}

function furnishResponses(home: NodeResponse): void {
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
    if (args[0] === 'close') keepers.get(this as object)?.closed();
    const emitted =
      context === undefined ? below.emit?.apply(this, args) : runIn(context, () => below.emit?.apply(this, args));
    if (args[0] === 'close') through(this as NodeResponse);
    return emitted;
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
