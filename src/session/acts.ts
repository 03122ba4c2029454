import { CoatcheckError } from '../errors.ts';
import type { RequestSession } from './request-session.ts';
import type { Callback, RegenerateOptions } from './types.ts';

/**
 * A promise that also tells a Node-style callback, once, for passport and code written for express-session. With a
 * callback the error is the callback's, and the promise only fails with what the callback itself throws: nobody
 * awaits it there, so the runtime reports that as an unhandled rejection, and it is not swallowed.
 */
export function settle(promise: Promise<void>, callback: Callback | undefined): Promise<void> {
  if (typeof callback !== 'function') return promise;
  return promise.then(
    () => callback(),
    (error) => callback(error),
  );
}

/** Runs now, and turns what it throws into a rejection. */
function attempt(act: () => void): Promise<void> {
  try {
    act();
    return Promise.resolve();
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * A promise that may be left alone, as code written for express-session does: a failure that nobody awaits must not end
 * the process. It meets the request again, at the first look or at the commit, or event `lost` has told it.
 */
function unawaited<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The promises of a session: what talks to the store now, or is carried out by the commit. */
export const acts = {
  load: (session: RequestSession, callback?: Callback): Promise<void> =>
    settle(unawaited(session.engine.load(session)), callback),

  save: (session: RequestSession, callback?: Callback): Promise<void> =>
    settle(unawaited(session.engine.save(session)), callback),

  reload: (session: RequestSession, callback?: Callback): Promise<void> =>
    settle(unawaited(session.engine.reload(session)), callback),

  regenerate: (session: RequestSession, options?: RegenerateOptions | Callback, callback?: Callback): Promise<void> => {
    const keep = typeof options === 'object' ? (options?.keep ?? false) : false;
    const valid = typeof keep === 'boolean' || (Array.isArray(keep) && keep.every((key) => typeof key === 'string'));
    const done = attempt(() => {
      if (!valid) throw new CoatcheckError('USAGE', 'regenerate({ keep }) takes true, false or a list of keys.');
      session.regenerate(keep);
    });
    return settle(unawaited(done), typeof options === 'function' ? options : callback);
  },

  destroy: (session: RequestSession, callback?: Callback): Promise<void> =>
    settle(
      unawaited(
        attempt(() => {
          try {
            session.destroy();
          } catch (error) {
            // Too late to be carried out, and too grave to be lost in silence by whoever does not await it.
            session.engine.lost(session, error);
            throw error;
          }
        }),
      ),
      callback,
    ),

  take: (session: RequestSession, key: string): Promise<unknown> => unawaited(take(session, key)),
} as const;

async function take(session: RequestSession, key: string): Promise<unknown> {
  let value: unknown;
  const operation = session.take(key, (found) => {
    value = found;
  });
  try {
    await session.engine.save(session);
  } catch (error) {
    session.untake(key, operation);
    throw error;
  }
  return value;
}
