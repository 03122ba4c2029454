import type { Later } from './contract.ts';

/** An opened session as one that need not be made any more. */
export function ready<S extends object>(opened: S | Promise<S>): Later<S> | Promise<Later<S>> {
  const later = (session: S): Later<S> => ({ ready: session, face: () => session });
  return opened instanceof Promise ? opened.then(later) : later(opened);
}
