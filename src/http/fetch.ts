import type { HeaderChanges, SessionInterface } from '../interface/contract.ts';
import { NO_CHANGES } from '../interface/contract.ts';
import { runWith } from '../session/ambient.ts';
import { nullSession } from '../session/null-session.ts';
import { report } from './fail.ts';
import { errorResponse, headOf, withChanges } from './fetch-head.ts';
import { FetchSessionRequest } from './fetch-request.ts';
import { isPrivate } from './head.ts';
import { type Carried, carriedBy, carry, putDownOne } from './slot.ts';
import { isThenable } from './thenable.ts';

/** What a Fetch handler gets beside the request. */
export interface FetchContext<S extends object> {
  readonly session: S;
}

export type FetchHandler<S extends object, Rest extends unknown[]> = (
  request: Request,
  context: FetchContext<S>,
  ...rest: Rest
) => Response | Promise<Response>;

export interface FetchSessionOptions<Rest extends unknown[]> {
  /** The peer's address, as the platform tells it: `(request) => request.ip` on srvx. Default: unknown. */
  readonly address?: ((request: Request, ...rest: Rest) => string | undefined) | undefined;
  /**
   * Keeps the platform from stopping before `promise` settles, for changes after the response was returned. Default:
   * `waitUntil` of the request (srvx) or of one of the platform's arguments (Cloudflare's `ctx`), where there is one.
   */
  readonly waitUntil?: ((promise: Promise<unknown>, request: Request, ...rest: Rest) => void) | undefined;
  /**
   * Makes the answer when a handler threw or the session could not be stored: the handler's own is discarded by then.
   * Default: plain text with the error's status and code.
   */
  readonly onError?: ((error: unknown, request: Request, ...rest: Rest) => Response | Promise<Response>) | undefined;
}

/**
 * Sessions for servers of `(request) => Response`: Deno, Bun, workerd, srvx, and what builds on them.
 *
 * The session is on the second argument and the imported `session`; the platform's own arguments follow. It is stored
 * before the response is returned. Bodies are not wrapped: what a stream changes later is stored by a commit of its
 * own on the next turn, or by `await session.save()`. A handler that throws is answered with a plain 500 or the
 * error's own `status`, and what it wrote is kept.
 *
 * @example
 * export default {
 *   fetch: fetchSessions(sessions, (request, { session }) => {
 *     session.visits = (session.visits ?? 0) + 1;
 *     return new Response(`Visit ${session.visits}`);
 *   }),
 * };
 */
export function fetchSessions<S extends object, Rest extends unknown[] = []>(
  sessions: SessionInterface<S>,
  handler: FetchHandler<S, Rest>,
  options: FetchSessionOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    const outer: Carried<S> | undefined = carriedBy(request, sessions);
    // A sub-application: the outer mount commits and answers for errors.
    if (outer !== undefined) return handler(request, { session: outer.session }, ...rest);
    const { address } = options;
    const failed = (error: unknown) => answer(error, request, rest, options);
    let opened: S | undefined;
    try {
      const asked = new FetchSessionRequest(request, address && (() => address(request, ...rest)));
      const opening = sessions.open(asked);
      opened = isThenable(opening) ? await opening : opening;
    } catch (error) {
      return failed(error);
    }
    const session = opened ?? (nullSession as S);
    const carried = carry(request, sessions, session);
    const serve = async () => {
      const context: FetchContext<S> = { session };
      let response: Response;
      try {
        response = await handler(request, context, ...rest);
        if (!isAnswer(response)) throw new TypeError('The handler must return a Response other than Response.error().');
      } catch (error) {
        response = await failed(error);
      }
      if (opened === undefined || sessions.isNull(opened)) return response;
      return commit(sessions, opened, response, failed);
    };
    if (opened !== undefined && sessions.finish !== undefined && sessions.watch !== undefined) {
      const waitUntil = (promise: Promise<unknown>) => keepAlive(promise, request, rest, options);
      sessions.watch(opened, { late: finishLater(sessions, opened, waitUntil) });
    }
    try {
      return await (sessions.ambient === false ? serve() : runWith(session, serve));
    } finally {
      putDownOne(request, carried);
    }
  };
}

async function commit<S extends object>(
  sessions: SessionInterface<S>,
  session: S,
  response: Response,
  failed: (error: unknown) => Promise<Response>,
): Promise<Response> {
  let changes: HeaderChanges;
  try {
    changes = await sessions.commit(session, { status: response.status });
  } catch (error) {
    changes = { ...NO_CHANGES, error: error as Error };
  }
  if (changes.error !== undefined) {
    response.body?.cancel().catch(() => undefined);
    const answered = withChanges(await failed(changes.error), changes);
    sessions.ended?.(session);
    return answered;
  }
  const answered = withChanges(response, changes);
  sessions.sent?.(session, isPrivate(headOf(answered.headers).cacheControl));
  return answered;
}

/** Stores late changes on the next turn, those of one turn together. What fails is told by the interface. */
function finishLater<S extends object>(
  sessions: SessionInterface<S>,
  session: S,
  waitUntil: (promise: Promise<unknown>) => void,
): () => void {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    const turn = new Promise<void>((resolve) => setTimeout(resolve, 0));
    const finishing = turn.then(() => {
      scheduled = false;
      return sessions.finish?.(session);
    });
    waitUntil(finishing.catch(() => undefined));
  };
}

type Waiter = { waitUntil?: (promise: Promise<unknown>) => void };

function keepAlive<Rest extends unknown[]>(
  promise: Promise<unknown>,
  request: Request,
  rest: Rest,
  options: FetchSessionOptions<Rest>,
): void {
  const candidates = [request, ...rest] as (Waiter | null | undefined)[];
  if (options.waitUntil !== undefined) options.waitUntil(promise, request, ...rest);
  else candidates.find((candidate) => typeof candidate?.waitUntil === 'function')?.waitUntil?.(promise);
}

async function answer<Rest extends unknown[]>(
  error: unknown,
  request: Request,
  rest: Rest,
  options: FetchSessionOptions<Rest>,
): Promise<Response> {
  if (options.onError === undefined) {
    report(error);
    return errorResponse(error);
  }
  try {
    const response = await options.onError(error, request, ...rest);
    return isAnswer(response) ? response : errorResponse(error);
  } catch {
    return errorResponse(error);
  }
}

/** `Response.error()` has no status; a `Response` of another realm or a wrapper is one all the same. */
function isAnswer(response: unknown): response is Response {
  return typeof response === 'object' && response !== null && ((response as Response).status ?? 0) > 0;
}
