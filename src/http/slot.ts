/** A session that a request carries, and the interface that opened it. */
export interface Carried<S extends object = object> {
  readonly owner: object;
  readonly session: S;
  /** What was opened before, by another interface. */
  readonly outer: Carried | undefined;
  /** Asks for the session in the handler's place; undefined where it was there from the start. */
  readonly ask: (() => void) | undefined;
}

const SLOT = Symbol.for('coatcheck.carried');

/** Adapters and twice-loaded modules find the same session. Beside the request: a property more would cost more. */
const shared = globalThis as { [SLOT]?: WeakMap<object, Carried> };
shared[SLOT] ??= new WeakMap();
const carriers: WeakMap<object, Carried> = shared[SLOT];

/** The innermost session of a request. */
export function innermost(request: object): Carried | undefined {
  return carriers.get(request);
}

/** The session that `owner` opened for this request, if it did: a second mount is a no-op. */
export function carriedBy<S extends object>(request: object, owner: object): Carried<S> | undefined {
  for (let carried = innermost(request); carried !== undefined; carried = carried.outer) {
    if (carried.owner === owner) return carried as Carried<S>;
  }
  return undefined;
}

export function carry<S extends object>(request: object, owner: object, session: S, ask?: () => void): Carried<S> {
  const carried: Carried<S> = { owner, session, outer: innermost(request), ask };
  carriers.set(request, carried);
  return carried;
}

/**
 * The request is through. What stays in a WeakMap outlives its request by a collection or two, and all that hangs on it:
 * measured, a fifth of a request.
 */
export function putDown(request: object): void {
  carriers.delete(request);
}

/** One of several is through, or the request object is used again, as tests do. */
export function putDownOne(request: object, carried: Carried): void {
  if (innermost(request) !== carried) return;
  if (carried.outer === undefined) carriers.delete(request);
  else carriers.set(request, carried.outer);
}
