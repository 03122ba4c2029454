import { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import { runIn, type SessionContext } from '../session/ambient.ts';
import { field } from './field.ts';
import type { Verb } from './gate-calls.ts';
import type { NodeResponse } from './node-head.ts';
import { type Carried, innermost } from './slot.ts';

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
  /** The response was closed. */
  closed(): void;
}

/** What a handler is shown and refused meanwhile. */
export interface Waiting {
  readonly held: boolean;
  /** `end` was called. */
  readonly ended: boolean;
}

/** What a request carries, as its response sees it. With several instances, the outer one is nearer to the wire. */
export interface Guarded extends Carried {
  readonly response: NodeResponse;
  readonly outer: Guarded | undefined;
  /** The gate, where it stands on the prototype. */
  readonly keeper: Keeper | undefined;
  /** In which the response's listeners run. */
  context: SessionContext | undefined;
  /** There is a session, and nobody has asked it anything. */
  readonly unasked: boolean;
  /** Asks in the handler's place. */
  ask(): void;
  /** Somebody put something else in the place of `req.session`, or nothing. */
  readonly replaced: boolean;
  /** The last chunk went. */
  readonly ended: boolean;
  /** Nothing more is to be heeded: who comes with the same request again, as tests do, comes anew. */
  over: boolean;
}

/** The methods beneath a gate. */
export type Below = Readonly<Record<Verb, (...args: unknown[]) => unknown>>;

/** What a handler must not change once its head is on the way: as on a response whose head has left. */
export const LOCKED = ['setHeader', 'removeHeader', 'appendHeader', 'setHeaders'] as const;

const VERBS = ['writeHead', 'write', 'end', 'flushHeaders'] as const;

const ROOTS: readonly object[] = [ServerResponse.prototype, Http2ServerResponse.prototype];

const readRequest = field('req', (response) => response.req);

type Method = (this: object, ...args: unknown[]) => unknown;

/** The methods of the gate that stand on prototypes, and what is beneath them: one for each class of Node's. */
export interface Home {
  readonly root: NodeResponse;
  readonly methods: Readonly<Record<Verb, Method>>;
  /** What Node itself says. */
  headersSent(response: object): boolean;
}

/** What is known of a prototype. */
interface Knowledge {
  readonly home: Home | undefined;
  /** Nobody stands between it and the home. */
  readonly clear: boolean;
}

const knowledge = new WeakMap<object, Knowledge>();
const furnished = new WeakSet<object>();
const homes = new Map<object, Home>();

/** How many answers wait just now: nearly always none, and then nothing is to be looked up. */
let held = 0;

/** Whether any interface has an ambient session. */
let ambient = false;

/** The prototype asked for last, which is nearly always the next one too, and what is known of it. */
let recent: object | undefined;
let recentKnowledge: Knowledge = { home: undefined, clear: false };

/** The visit met last: mostly its methods follow one another. */
let latest: Guarded | undefined;

/** Whether the gate of this response has a home, and nobody stands in between. */
export function isAtHome(response: NodeResponse): boolean {
  const { home, clear } = known(response);
  // On Node 20 reading the four methods takes three times as long: each look goes up the whole chain of prototypes.
  return (
    home !== undefined &&
    clear &&
    !Object.hasOwn(response, 'writeHead') &&
    !Object.hasOwn(response, 'write') &&
    !Object.hasOwn(response, 'end') &&
    !Object.hasOwn(response, 'flushHeaders')
  );
}

/** The home of a response's methods; also where a framework inside another exchanged the prototype since. */
export function homeOf(response: NodeResponse): Home | undefined {
  return known(response).home;
}

/** The methods beneath the gate of one of several visits. */
export function beneath({ outer, response }: Guarded, root: Below): Below {
  const below =
    (verb: Verb) =>
    (...args: unknown[]): unknown => {
      const keeper = keeperFrom(outer, response);
      return keeper === undefined ? root[verb].apply(response, args) : keeper.arrive(verb, args);
    };
  return {
    writeHead: below('writeHead'),
    write: below('write'),
    end: below('end'),
    flushHeaders: below('flushHeaders'),
  };
}

/** Lets the response's listeners run in the visit's context; false where the response itself must be changed. */
export function bindAtHome(visit: Guarded, context: SessionContext): boolean {
  if (homeOf(visit.response) === undefined) return false;
  visit.context = context;
  ambient = true;
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

function known(response: NodeResponse): Knowledge {
  const prototype = Object.getPrototypeOf(response) as object;
  if (prototype !== recent) {
    recentKnowledge = knowledge.get(prototype) ?? learn(prototype);
    recent = prototype;
  }
  return recentKnowledge;
}

function learn(prototype: object): Knowledge {
  const home = furnishTopmost(prototype);
  const at = prototype as Partial<NodeResponse>;
  const clear = home !== undefined && VERBS.every((verb) => at[verb] === home.methods[verb]);
  const learnt: Knowledge = { home, clear };
  knowledge.set(prototype, learnt);
  return learnt;
}

/** The last prototype before Node's own, if it is free: what a mounted application puts in front comes and goes. */
function furnishTopmost(prototype: object): Home | undefined {
  let topmost: object | undefined;
  let at: object | null = prototype;
  for (; at !== null && !ROOTS.includes(at); at = Object.getPrototypeOf(at) as object | null) topmost = at;
  // Made up for a test, say: the last one is the prototype of all objects.
  if (at === null || topmost === undefined) return undefined;
  if (!furnished.has(topmost)) {
    // Who has methods of these names there means something by them.
    const names = [...VERBS, ...LOCKED, 'headersSent', 'writableEnded', 'emit'];
    if (!Object.isExtensible(topmost) || names.some((name) => Object.hasOwn(topmost as object, name))) return undefined;
    furnish(topmost, at as NodeResponse);
    furnished.add(topmost);
  }
  return homes.get(at);
}

/** The visit that a response belongs to; also for what inherits from a response, or stands before it as a Proxy. */
function visitOf(response: object): Guarded | undefined {
  if (latest !== undefined && latest.response === response) return latest;
  const request = readRequest(response);
  if (typeof request !== 'object' || request === null) return undefined;
  const visit = innermost(request) as Guarded | undefined;
  let at = visit;
  while (at !== undefined && at.response !== response) at = at.outer;
  if (at !== undefined) latest = at;
  return at ?? visit;
}

/** A visit begins, over those that the same response may have already. */
export function meet(visit: Guarded): void {
  latest = visit;
}

/** The gate that stands first, from a visit outwards. */
function keeperFrom(visit: Guarded | undefined, response: NodeResponse): Keeper | undefined {
  for (let at = visit; at !== undefined; at = at.outer) {
    if (at.keeper !== undefined && at.response === response) return at.keeper;
  }
  return undefined;
}

/** Of several, the one that waits. */
function waitingOf(response: object): Waiting | undefined {
  if (held === 0) return undefined;
  for (let at = visitOf(response); at !== undefined && at.response === response; at = at.outer) {
    const waiting = at.keeper?.waiting;
    if (waiting?.held === true) return waiting;
  }
  return undefined;
}

/**
 * Asks for sessions that nobody asked for, but somebody may yet: hooks of the head, which Node asks in the middle of its
 * own work, too late for a gate to be put up. And whoever put something else in the place of `req.session`, or nothing,
 * is to be heeded.
 */
function askForUnasked(visit: Guarded, response: object, hooked: boolean): void {
  if (!visit.unasked || (!hooked && !visit.replaced)) return;
  if ((response as NodeResponse).headersSent) return;
  for (let at: Guarded | undefined = visit; at !== undefined; at = at.outer) at.ask();
}

/** Everybody has heard that the response is closed: what they wrote on hearing it is stored as well. */
function closed(visit: Guarded): void {
  const { response } = visit;
  if (keeperFrom(visit, response) === undefined) askForUnasked(visit, response, false);
  for (let at: Guarded | undefined = visit; at !== undefined && at.response === response; at = at.outer) {
    at.keeper?.closed();
    at.context = undefined;
    // Closed before it was answered: what the handler still does is heeded.
    at.over = at.ended || at.keeper === undefined;
  }
  if (latest?.response === response) latest = undefined;
}

/** `Reflect.get` with a receiver is many times slower than a call. */
function getterOf(from: object, name: string): () => unknown {
  for (let at: object | null = from; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const own = Object.getOwnPropertyDescriptor(at, name);
    if (own !== undefined) return own.get ?? (() => own.value);
  }
  return () => undefined;
}

/** Arguments as they were given: none of the methods takes more. */
function listed(first: unknown, second: unknown, third: unknown): unknown[] {
  if (third !== undefined) return [first, second, third];
  if (second !== undefined) return [first, second];
  return first === undefined ? [] : [first];
}

function verbOver(root: Record<string, Method>, verb: Verb): Method {
  const below = root[verb] as Method;
  return function (first, second, third) {
    const visit = visitOf(this);
    if (visit === undefined) return below.call(this, first, second, third);
    let keeper = keeperFrom(visit, visit.response);
    // Within Node's own `end` it is too late for a gate; who wrapped `end` asks for the head by himself, and who says
    // the head by arguments says what Node does not keep, and a late look must know.
    const said = verb === 'writeHead' && second !== undefined;
    if (keeper === undefined && visit.unasked && (verb !== 'writeHead' || said || Object.hasOwn(this, 'end'))) {
      askForUnasked(visit, this, said || Object.hasOwn(this, 'writeHead'));
      keeper = keeperFrom(visit, visit.response);
    }
    if (keeper === undefined) return below.call(this, first, second, third);
    return keeper.arrive(verb, listed(first, second, third));
  };
}

/** Apart, so that nothing is made for a closure where there is no context. */
function emitIn(context: SessionContext, emit: Method, response: object, event: unknown, args: unknown[]): unknown {
  return runIn(context, () => emit.call(response, event, ...args));
}

function furnish(topmost: object, root: NodeResponse): void {
  const below = root as unknown as Record<string, Method>;
  let home = homes.get(root);
  if (home === undefined) {
    const methods = {
      writeHead: verbOver(below, 'writeHead'),
      write: verbOver(below, 'write'),
      end: verbOver(below, 'end'),
      flushHeaders: verbOver(below, 'flushHeaders'),
    };
    const sent = getterOf(root, 'headersSent');
    home = { root, methods, headersSent: (response) => sent.call(response) === true };
    homes.set(root, home);
  }
  const method = (name: string, value: Method) =>
    Object.defineProperty(topmost, name, { value, writable: true, configurable: true });
  for (const verb of VERBS) method(verb, home.methods[verb]);
  for (const name of LOCKED) {
    const locked = below[name];
    if (locked === undefined) continue;
    // None of them takes more.
    method(name, function (first, second) {
      if (waitingOf(this) !== undefined) tooLate();
      return locked.call(this, first, second);
    });
  }
  const emit = below.emit as Method;
  method('emit', function (event, ...args) {
    const found = ambient || event === 'close' ? visitOf(this) : undefined;
    const visit = found?.response === this ? found : undefined;
    const context = visit?.context;
    let emitted: unknown;
    if (context !== undefined) emitted = emitIn(context, emit, this, event, args);
    else emitted = args.length === 0 ? emit.call(this, event) : emit.call(this, event, ...args);
    if (event === 'close' && visit !== undefined) closed(visit);
    return emitted;
  });
  const fact = (name: string, whileHeld: (waiting: Waiting) => boolean) => {
    const real = getterOf(root, name);
    Object.defineProperty(topmost, name, {
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
