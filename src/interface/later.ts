import type { Later } from './contract.ts';

/** An opened session as one that need not be made any more. */
export function opened<S extends object>(session: S): Later<S> {
  return { ready: session, face: () => session };
}

/** The same for one that may still be opening. */
export function ready<S extends object>(session: S | Promise<S>): Later<S> | Promise<Later<S>> {
  return session instanceof Promise ? session.then(opened) : opened(session);
}
