/** A session that a request carries, and the interface that opened it. It may be made when somebody first asks for it. */
export class Carried<S extends object = object> {
  readonly owner: object;
  /** What was opened before, by another interface. */
  readonly outer: Carried | undefined;
  #made: S | undefined;
  readonly #make: (() => S) | undefined;
  /** What the handler put in the session's place. */
  #put: { readonly value: unknown } | undefined;

  constructor(owner: object, outer: Carried | undefined, made: S | undefined, make?: () => S) {
    this.owner = owner;
    this.outer = outer;
    this.#made = made;
    this.#make = make;
  }

  get session(): S {
    this.#made ??= this.#make?.() as S;
    return this.#made;
  }

  /** The session, if anybody asked for it. */
  get made(): S | undefined {
    return this.#made;
  }

  /** What the handler sees. */
  get seen(): unknown {
    return this.#put === undefined ? this.session : this.#put.value;
  }

  set seen(value: unknown) {
    // Whoever ends a session by `null`, unseen, ends one that must be there for its commit.
    this.#put = value === this.session ? undefined : { value };
  }
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

/** Gives a request a session, or one that is made when somebody asks. */
export function carry<S extends object>(
  request: object,
  owner: object,
  session: S | undefined,
  make?: () => S,
): Carried<S> {
  const carried = new Carried(owner, innermost(request), session, make);
  carriers.set(request, carried as Carried);
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
