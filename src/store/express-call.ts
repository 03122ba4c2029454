/** What express-session gives its stores. */
type Callback = (error?: unknown, value?: unknown) => void;

/**
 * Calls a method of an express-session store and waits for whatever comes first: the callback, a promise that rejects,
 * or one that fulfils. Stores answer in either way, and some in both; what comes later is not heard.
 *
 * A promise that fulfils with nothing is no answer of a method that declares a callback: an `async` one may return long
 * before it calls back.
 *
 * @param args all but the callback, which is the last one
 */
export function answerOf(
  method: (...args: never[]) => unknown,
  store: object,
  args: readonly unknown[],
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, value) => {
      if (error) reject(error);
      else resolve(value);
    };
    const returned: unknown = Reflect.apply(method, store, [...args, done]);
    if (typeof (returned as { then?: unknown } | null | undefined)?.then !== 'function') return;
    const callsBack = method.length > args.length;
    (returned as PromiseLike<unknown>).then((value) => {
      if (value !== undefined || !callsBack) resolve(value);
    }, reject);
  });
}
