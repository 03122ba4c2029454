import { CoatcheckError } from '../errors.ts';

/** What `update` was given. */
export type Updater = (value: unknown) => unknown;

/** What an updater of our own returns to remove the key; undefined means that it changed the copy in place. */
export const REMOVED: unique symbol = Symbol('removed');

/** One change of one key, as a request meant it: enough to do it again over a newer record. */
export type Operation =
  | { readonly kind: 'set'; readonly value: unknown }
  | { readonly kind: 'delete' }
  | { readonly kind: 'default'; readonly value: unknown }
  /** `stored`: called when what `fn` made last has been stored. */
  | { readonly kind: 'update'; readonly fn: Updater; readonly stored?: (() => void) | undefined }
  | { readonly kind: 'take'; readonly taken: (value: unknown) => void };

/** The value after an operation; undefined means that the key is absent. */
export function applyOperation(operation: Operation, value: unknown, copy: <T>(value: T) => T): unknown {
  switch (operation.kind) {
    case 'set':
      return operation.value;
    case 'delete':
      return undefined;
    case 'default':
      return value === undefined ? operation.value : value;
    case 'update':
      return runUpdate(operation.fn, value, copy);
    case 'take':
      operation.taken(value);
      return undefined;
  }
}

function runUpdate(fn: Updater, value: unknown, copy: <T>(value: T) => T): unknown {
  const own = typeof value === 'object' && value !== null ? copy(value) : value;
  const returned = fn(own);
  if (returned === REMOVED) return undefined;
  if (isThenable(returned)) {
    // Its rejection is nobody's any more, and must not end the process.
    returned.then(undefined, () => undefined);
    throw new CoatcheckError(
      'UPDATE_ASYNC',
      'update(key, fn) needs a synchronous fn: it may run several times over newer values. Await first, then update.',
    );
  }
  // Void means that fn changed the copy in place; over a plain value it can only mean "leave it".
  const result = returned === undefined ? own : returned;
  // What fn keeps hold of, a constant of its module for instance, must not become part of a session.
  return typeof result === 'object' && result !== null ? copy(result) : result;
}

function isThenable(value: unknown): value is { then(done: undefined, failed: () => void): unknown } {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
