import { CoatcheckError } from '../errors.ts';
import type { HeaderChanges, SessionInterface } from '../interface/contract.ts';
import { innermost } from './slot.ts';

/** Whether `value` is one of the sessions that this request carries. */
function isCarried(request: object, value: unknown): boolean {
  for (let carried = innermost(request); carried !== undefined; carried = carried.outer) {
    if (carried.session === value) return true;
  }
  return false;
}

/**
 * What the handler made of `req.session`: `null` (the habit of cookie-session) ends the session; another object in
 * its place would be lost in silence, so it is an error. Undefined where there is nothing to wait for.
 *
 * @throws CoatcheckError `SESSION_REPLACED`
 */
function heed(session: object, request: object): Promise<unknown> | undefined {
  const value = (request as { session?: unknown }).session;
  if (value === session) return undefined;
  // With several instances the name belongs to the innermost one.
  if (innermost(request)?.session !== session || isCarried(request, value)) return undefined;
  const { destroy } = session as { destroy?: unknown };
  if ((value === null || value === undefined) && typeof destroy === 'function') {
    return Promise.resolve(destroy.call(session));
  }
  throw new CoatcheckError(
    'SESSION_REPLACED',
    'req.session was replaced by another value, which cannot be stored. Change the session itself: ' +
      'session.assign({ ... }) to add, session.clear() to empty, session.destroy() or req.session = null to end it.',
  );
}

/** The commit of a Node request, before the head of its answer leaves. */
export function commitNode<S extends object>(
  iface: SessionInterface<S>,
  session: S,
  request: object,
  status: number,
): HeaderChanges | Promise<HeaderChanges> {
  const ending = heed(session, request);
  return ending === undefined
    ? iface.commit(session, { status })
    : ending.then(() => iface.commit(session, { status }));
}

/** Tells the interface that nobody listens any more, with what the handler made of `req.session`. */
export async function abandonNode<S extends object>(
  iface: SessionInterface<S>,
  session: S,
  request: object,
): Promise<void> {
  await heed(session, request);
  await iface.abandon?.(session);
}

/** Stores what came after the head; undefined where nothing did. */
export function finishNode<S extends object>(
  iface: SessionInterface<S>,
  session: S,
  request: object,
): Promise<unknown> | undefined {
  if (iface.finish === undefined) return undefined;
  const ending = heed(session, request);
  return ending === undefined ? iface.finish(session) : ending.then(() => iface.finish?.(session));
}
