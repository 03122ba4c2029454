/** A session that a request carries, and the interface that opened it. */
export interface Carried<S extends object = object> {
  readonly owner: object;
  readonly session: S;
  /** What was opened before, by another interface. */
  readonly outer: Carried | undefined;
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

export function carry<S extends object>(request: object, owner: object, session: S): Carried<S> {
  const carried: Carried<S> = { owner, session, outer: innermost(request) };
  carriers.set(request, carried);
  return carried;
}

/**
 * The request is through, or may be used again, as tests do. What stayed would outlive it by a collection or two, and
 * the session with it.
 */
export function putDownLast(request: object, session: object): void {
  const carried = innermost(request);
  // With several instances the one that was opened first is through last.
  for (let at = carried; at !== undefined; at = at.outer) {
    if (at.session === session && at.outer === undefined) carriers.delete(request);
  }
}

/** The same for one of several. */
export function putDown(request: object, carried: Carried): void {
  if (innermost(request) !== carried) return;
  if (carried.outer === undefined) carriers.delete(request);
  else carriers.set(request, carried.outer);
}
