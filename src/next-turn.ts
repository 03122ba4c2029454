/**
 * Runs a function when this turn of the event loop is over: the sockets of many requests are read one after another
 * before it, with microtasks in between. workerd without Node compatibility has no `setImmediate`; a timer of 0 ms ends
 * the turn there, only later.
 */
export const nextTurn: (run: () => void) => unknown =
  (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate ?? ((run) => setTimeout(run, 0));
