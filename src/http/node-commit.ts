import { CoatcheckError } from '../errors.ts';
import type { HeaderChanges } from '../interface/contract.ts';
import { sessionOn } from './req-session.ts';
import { innermost } from './slot.ts';
import type { Visited } from './visited.ts';

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
function heed({ session, request, replaced }: Visited<object>): Promise<unknown> | undefined {
  if (!replaced) return undefined;
  const value = sessionOn(request);
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
  visit: Visited<S>,
  status: number,
): HeaderChanges | Promise<HeaderChanges> {
  const { owner, session } = visit;
  const ending = heed(visit);
  return ending === undefined
    ? owner.commit(session, { status })
    : ending.then(() => owner.commit(session, { status }));
}

/** Tells the interface that nobody listens any more, with what the handler made of `req.session`. */
export async function abandonNode<S extends object>(visit: Visited<S>): Promise<void> {
  await heed(visit);
  await visit.owner.abandon?.(visit.session);
}

/** Stores what came after the head; undefined where nothing did. */
export function finishNode<S extends object>(visit: Visited<S>): Promise<unknown> | undefined {
  const { owner, session } = visit;
  if (owner.finish === undefined) return undefined;
  const ending = heed(visit);
  return ending === undefined ? owner.finish(session) : ending.then(() => owner.finish?.(session));
}

/** Whether the handler took the session away. */
export function gaveUp({ replaced, request }: Visited<object>): boolean {
  return replaced && (sessionOn(request) ?? undefined) === undefined;
}
