import { type Field, field } from './field.ts';

/** A session that a request carries, and the interface that opened it. */
export interface Carried<S extends object = object> {
  readonly owner: object;
  readonly session: S;
  /** What was opened before, by another interface. */
  readonly outer: Carried | undefined;
}

const SLOT: unique symbol = Symbol.for('coatcheck.carried');

const readState: Field = field('_readableState', (request) => request._readableState);

/** Where a request is no stream of Node's. */
const shared = globalThis as { [SLOT]?: WeakMap<object, Carried> };
shared[SLOT] ??= new WeakMap();
const carriers: WeakMap<object, Carried> = shared[SLOT];

/** Where a stream keeps what it carries. */
export interface SlotPlace {
  [SLOT]?: Carried | undefined;
}

/**
 * Adapters and twice-loaded modules find the same session, for as long as the request lives.
 *
 * A stream of Node's has its state in an object of its own, and a property more is cheap there. On the request itself it
 * costs more than a microsecond on Node 20 once a framework has exchanged the prototype, and what stands in a WeakMap
 * outlives its request by a collection or two, and all that hangs on it. What inherits from a request, or stands before
 * it as a Proxy, leads to the same place.
 */
export function placeOn(request: object): SlotPlace | undefined {
  const state = readState(request);
  return typeof state === 'object' && state !== null ? state : undefined;
}

/** The innermost session of a request. `place`: looked up already. */
export function innermost(request: object, place: SlotPlace | undefined = placeOn(request)): Carried | undefined {
  return place === undefined ? carriers.get(request) : place[SLOT];
}

/** The session that `owner` opened for this request, if it did: a second mount is a no-op. */
export function carriedBy<S extends object>(request: object, owner: object): Carried<S> | undefined {
  for (let carried = innermost(request); carried !== undefined; carried = carried.outer) {
    if (carried.owner === owner) return carried as Carried<S>;
  }
  return undefined;
}

/** Puts a session over those that the request carries already. */
export function putOn(request: object, carried: Carried, place: SlotPlace | undefined = placeOn(request)): void {
  if (place === undefined) carriers.set(request, carried);
  else place[SLOT] = carried;
}

export function carry<S extends object>(request: object, owner: object, session: S): Carried<S> {
  const carried: Carried<S> = { owner, session, outer: innermost(request) };
  putOn(request, carried);
  return carried;
}

/** One of several is through, or the request object is used again, as tests do. */
export function putDownOne(request: object, carried: Carried): void {
  if (innermost(request) !== carried) return;
  const place = placeOn(request);
  if (place !== undefined) place[SLOT] = carried.outer;
  else if (carried.outer === undefined) carriers.delete(request);
  else carriers.set(request, carried.outer);
}
