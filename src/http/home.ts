import { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import { runIn, type SessionContext } from '../session/ambient.ts';
import type { Verb } from './gate-calls.ts';
import type { NodeResponse } from './node-head.ts';
import { innermost, putDown } from './slot.ts';

/**
 * A framework gives its responses a prototype of its own: Express, `express.response`. There the methods of the gate
 * stand once for all, and look up the gate of the response they are called on; responses without one are passed on.
 *
 * The neighbourly way, methods of each response's own, is taken where there is no such prototype, and where somebody
 * wrapped the methods before us: such a wrapper belongs beneath the gate. After a prototype was exchanged, as Express
 * does with each response, Node 20 gives every object a shape of its own, and each property added costs more than a
 * microsecond: four methods, a lock and an emitter were a quarter of a request.
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

/** The methods beneath a gate. */
export type Below = Readonly<Record<Verb, (...args: unknown[]) => unknown>>;

/** What a handler must not change once its head is on the way: as on a response whose head has left. */
export const LOCKED = ['setHeader', 'removeHeader', 'appendHeader', 'setHeaders'] as const;

const VERBS = ['writeHead', 'write', 'end', 'flushHeaders'] as const;

const ROOTS: readonly object[] = [ServerResponse.prototype, Http2ServerResponse.prototype];

type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A keeper, and the one that was there before it: with several instances, the next one nearer to the wire. */
interface Kept {
  readonly keeper: Keeper;
  readonly inner: Kept | undefined;
}

/** A response as frameworks hand it around: it knows its request, and that knows it. */
type Known = NodeResponse & { readonly req?: object & { readonly res?: object } };

const keepers = new WeakMap<object, Kept>();
const contexts = new WeakMap<object, SessionContext>();

/** The homes of responses by their prototypes; undefined where there is none. */
const homes = new WeakMap<object, NodeResponse | undefined>();
const furnished = new WeakSet<object>();

/** How many answers wait just now: nearly always none, and then nothing is to be looked up. */
let held = 0;

/** The prototype asked for last, which is nearly always the next one too, and its home. */
let recent: object | undefined;
let recentHome: NodeResponse | undefined;

/** Whether the gate of this response has a home, and nobody stands in between. */
export function isAtHome(response: NodeResponse): boolean {
  const home = homeOf(response);
  return (
    home !== undefined &&
    response.writeHead === home.writeHead &&
    response.write === home.write &&
    response.end === home.end &&
    response.flushHeaders === home.flushHeaders
  );
}

/** Puts a keeper before a response by its home, over the one that may be there already. */
export function keepAtHome(response: NodeResponse, keeper: Keeper): { home: NodeResponse; below: Below } | undefined {
  const home = homeOf(response);
  if (home === undefined) return undefined;
  const inner = keepers.get(response);
  keepers.set(response, { keeper, inner });
  return { home, below: inner === undefined ? (Object.getPrototypeOf(home) as NodeResponse) : past(inner.keeper) };
}

function past(keeper: Keeper): Below {
  return {
    writeHead: (...args) => keeper.arrive('writeHead', args),
    write: (...args) => keeper.arrive('write', args),
    end: (...args) => keeper.arrive('end', args),
    flushHeaders: (...args) => keeper.arrive('flushHeaders', args),
  };
}

/** The gate has nothing to say any more. What stays in a WeakMap outlives its request by a collection or two. */
export function leaveHome(response: object, keeper: Keeper): void {
  const kept = keepers.get(response);
  // Of several the outer ones stay: what goes on beneath must still be found.
  if (kept?.keeper === keeper && kept.inner === undefined) keepers.delete(response);
}

/** Lets the response's listeners run in the request's context; false where the response itself must be changed. */
export function bindAtHome(response: NodeResponse, context: SessionContext): boolean {
  if (homeOf(response) === undefined) return false;
  contexts.set(response, context);
  return true;
}

/** An answer at home begins to wait, or goes on. */
export function countHeld(by: 1 | -1): void {
  held += by;
}

export function tooLate(): never {
  const error = new Error('Cannot change headers after they are sent to the client');
  throw Object.assign(error, { code: 'ERR_HTTP_HEADERS_SENT' });
}

function homeOf(response: NodeResponse): NodeResponse | undefined {
  const prototype = Object.getPrototypeOf(response) as object;
  if (prototype === recent) return recentHome;
  if (!homes.has(prototype)) {
    const home = topmost(prototype);
    if (home !== undefined && !furnished.has(home)) {
      furnish(home);
      furnished.add(home);
    }
    homes.set(prototype, home);
  }
  recent = prototype;
  recentHome = homes.get(prototype);
  return recentHome;
}

/** The last prototype before Node's own, if it is free: what a mounted application puts in front comes and goes. */
function topmost(prototype: object): NodeResponse | undefined {
  let home: object | undefined;
  let at: object | null = prototype;
  for (; at !== null && !ROOTS.includes(at); at = Object.getPrototypeOf(at) as object | null) home = at;
  // Made up for a test, say: the last one is the prototype of all objects.
  if (at === null || home === undefined) return undefined;
  // Who has methods of these names there means something by them.
  const names = [...VERBS, ...LOCKED, 'headersSent', 'writableEnded', 'emit'];
  const free = Object.isExtensible(home) && !names.some((name) => Object.hasOwn(home, name));
  return free || furnished.has(home) ? (home as NodeResponse) : undefined;
}

/** Also for what inherits from a response, or stands before it as a Proxy. */
function keptOf(response: Known): Kept | undefined {
  const kept = keepers.get(response);
  if (kept !== undefined) return kept;
  const real = response.req?.res;
  return real === undefined || real === response ? undefined : keepers.get(real);
}

/** Of several, the one that waits. */
function waitingOf(response: object): Waiting | undefined {
  if (held === 0) return undefined;
  for (let at = keepers.get(response); at !== undefined; at = at.inner) {
    const { waiting } = at.keeper;
    if (waiting?.held === true) return waiting;
  }
  return undefined;
}

/**
 * Asks for sessions that nobody asked for, but somebody may yet: hooks of the head, which Node asks in the middle of its
 * own work, too late for a gate to be put up. And whoever put something else in the place of `req.session`, or nothing,
 * is to be heeded.
 */
function askForUnasked(response: Known, hooked: boolean): void {
  const { req } = response;
  const carried = req && innermost(req);
  if (carried?.ask === undefined) return;
  if (!hooked && (req as { session?: unknown }).session === carried.session) return;
  if (response.headersSent) return;
  for (let at: typeof carried | undefined = carried; at !== undefined; at = at.outer) at.ask?.();
}

/** Everybody has heard that the response is closed: what they wrote on hearing it is stored as well. */
function closed(response: Known): void {
  let kept = keepers.get(response);
  if (kept === undefined) {
    askForUnasked(response, false);
    kept = keepers.get(response);
  }
  for (let at = kept; at !== undefined; at = at.inner) at.keeper.closed();
  contexts.delete(response);
  // Closed before it was answered: what the handler still does is heeded.
  if (response.req !== undefined && (kept === undefined || !keepers.has(response))) putDown(response.req);
}

/** `Reflect.get` with a receiver is many times slower than a call. */
function getterOf(from: object, name: string): () => unknown {
  for (let at: object | null = from; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return own.get ?? (() => own.value);
  }
  return () => undefined;
}

function furnish(home: NodeResponse): void {
  const below = Object.getPrototypeOf(home) as Record<string, Method | undefined>;
  const method = (name: string, value: Method) =>
    Object.defineProperty(home, name, { value, writable: true, configurable: true });
  for (const verb of VERBS) {
    method(verb, function (...args) {
      let kept = keptOf(this as Known);
      // Within Node's own `end` it is too late for a gate; who wrapped `end` asks for the head by himself, and who says
      // the head by arguments says what Node does not keep, and a late look must know.
      const said = args.length > 1;
      if (kept === undefined && (verb !== 'writeHead' || said || Object.hasOwn(this as object, 'end'))) {
        askForUnasked(this as Known, Object.hasOwn(this as object, 'writeHead') || (said && verb === 'writeHead'));
        kept = keepers.get(this as object);
      }
      return kept === undefined ? below[verb]?.apply(this, args) : kept.keeper.arrive(verb, args);
    });
  }
  for (const name of LOCKED) {
    if (below[name] === undefined) continue;
    // None of them takes more.
    method(name, function (first, second) {
      if (waitingOf(this as object) !== undefined) tooLate();
      return below[name]?.call(this, first, second);
    });
  }
  method('emit', function (...args) {
    const context = contexts.get(this as object);
    const { emit } = below;
    const emitted = context === undefined ? emit?.apply(this, args) : runIn(context, () => emit?.apply(this, args));
    if (args[0] === 'close') closed(this as Known);
    return emitted;
  });
  const fact = (name: string, whileHeld: (waiting: Waiting) => boolean) => {
    const real = getterOf(below, name);
    Object.defineProperty(home, name, {
      get(this: object) {
        const waiting = waitingOf(this);
        return (waiting !== undefined && whileHeld(waiting)) || real.call(this);
      },
      configurable: true,
    });
  };
  fact('headersSent', () => true);
  fact('writableEnded', ({ ended }) => ended);
}
