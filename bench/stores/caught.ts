/** An object whose methods are called by name. */
type Callable = Record<string, (...args: unknown[]) => unknown>;

/** The arguments of the first call of a method, of an object or of a class, that something makes. */
export async function argumentsOf(on: object, method: string, call: () => Promise<unknown>): Promise<unknown[]> {
  const target = on as Callable;
  const own = Object.hasOwn(on, method);
  const real = target[method];
  if (real === undefined) throw new Error(`there is no ${method}`);
  let caught: unknown[] | undefined;
  target[method] = function (this: unknown, ...args: unknown[]) {
    caught ??= args;
    return real.apply(this, args);
  };
  try {
    await call();
  } finally {
    if (own) target[method] = real;
    else delete target[method];
  }
  if (caught === undefined) throw new Error(`${method} was not called`);
  return caught;
}

/** The object, or the nearest of its prototypes, that has the method itself. */
export function ownerOf(from: object, method: string): object {
  for (let at: object | null = from; at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, method)) return at;
  }
  throw new Error(`there is no ${method}`);
}
