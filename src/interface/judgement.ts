import type { ReadRecord } from '../codec/untouched.ts';
import { CoatcheckError } from '../errors.ts';
import type { EventReason } from '../events.ts';
import { handleOf } from '../keys/ids.ts';
import type { Origin, RequestSession } from '../session/request-session.ts';
import { isElsewhere } from './binding.ts';
import { isEmpty } from './drafts.ts';
import { identityOf } from './identity.ts';
import { fits } from './schema.ts';
import type { CommonSettings } from './settings.ts';

/**
 * Decodes the record that was found and decides whether it is a session: readable, of a format we know, not from the
 * future, not past its absolute end, of the shape that the application expects. Anything else leaves the visitor with
 * a new session, and an event says why; never an error for what a visitor sent.
 */
export function judge(session: RequestSession, settings: CommonSettings): void {
  const { origin } = session;
  if (origin.kind !== 'record') return;
  const found = believed(session, origin, settings);
  if (found === undefined) return;
  const { schema, identityKeys } = settings;
  // Not among what is caught: a schema that throws is the application's error, and no reason to give its visitors new
  // sessions.
  if (schema !== undefined && !fits(schema, found.data)) {
    tell(session, origin, settings, 'rejected', { reason: 'schema' });
    refuse(session, { kind: 'none' });
    return;
  }
  origin.decoded = found;
  session.identity = identityOf(found.data, identityKeys);
  session.storedEmpty = isEmpty(found);
}

type Found = Extract<Origin, { kind: 'record' }>;

/** What the record says, if it may be believed; else the session has lost it. */
function believed(session: RequestSession, origin: Found, settings: CommonSettings): ReadRecord | undefined {
  const { documents, lifetime, clock } = settings;
  try {
    const decoded = documents.decode(origin.record.document);
    const { meta } = decoded;
    const now = clock.now();
    const times = lifetime.judge(meta, now);
    if (times !== 'good') tell(session, origin, settings, 'clock', { reason: times });
    if (times === 'unusable') {
      refuse(session, { kind: 'none' });
      return undefined;
    }
    if (lifetime.end(meta) <= now) {
      tell(session, origin, settings, 'expired', {});
      refuse(session, { kind: 'none' });
      return undefined;
    }
    const { place } = session;
    if (place === undefined || !isElsewhere(meta, place)) return decoded;
    tell(session, origin, settings, 'rejected', { reason: 'address' });
    session.expel();
  } catch (error) {
    const newer = error instanceof CoatcheckError && error.code === 'DOCUMENT_NEWER';
    tell(session, origin, settings, 'rejected', { reason: newer ? 'newer' : 'unreadable', error });
    refuse(session, newer ? { kind: 'closed', key: origin.key } : { kind: 'none' });
  }
  return undefined;
}

function refuse(session: RequestSession, next: Origin): void {
  session.origin = next;
  if (session.cookie === 'set') session.cookie = 'none';
}

/** Apart, so that nothing is made for a closure where there is nothing to tell. */
function tell(
  session: RequestSession,
  { key }: Found,
  { events }: CommonSettings,
  type: 'clock' | 'expired' | 'rejected',
  what: { readonly reason?: EventReason; readonly error?: unknown },
): void {
  events.emit(type, () => ({ handle: handleOf(key), ...what }), session);
}
