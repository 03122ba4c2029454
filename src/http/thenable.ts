/**
 * Whether there is something to wait for. Asked instead of `await`, so that what answers at once costs no promise, and
 * by `then` instead of the class, so that promises of other realms and libraries count.
 */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
