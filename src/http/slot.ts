/** A session that a request carries, and the interface that opened it. */
export interface Carried<S extends object = object> {
  readonly owner: object;
  readonly session: S;
  /** What was opened before, by another interface. */
  readonly outer: Carried | undefined;
}

/** On the request itself and by a registered symbol: adapters and twice-loaded modules find the same session. */
const SLOT = Symbol.for('coatcheck.carried');

type Carrier = { [SLOT]?: Carried | undefined };

/** The innermost session of a request. */
export function innermost(request: object): Carried | undefined {
  return (request as Carrier)[SLOT];
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
  (request as Carrier)[SLOT] = carried;
  return carried;
}

/** The request object may be used again, as tests do. */
export function putDown(request: object, carried: Carried): void {
  if (innermost(request) === carried) (request as Carrier)[SLOT] = carried.outer;
}
