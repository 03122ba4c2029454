import type { DecodedRecord } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
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
  const { documents, lifetime, clock, events, schema, identityKeys } = settings;
  const handle = (): { handle: string } => ({ handle: handleOf(origin.key) });
  const refuse = (next: Origin): void => {
    session.origin = next;
    if (session.cookie === 'set') session.cookie = 'none';
  };
  let found: DecodedRecord | undefined;
  try {
    const decoded = documents.decode(origin.record.document);
    const now = clock.now();
    const times = lifetime.judge(decoded.meta, now);
    if (times !== 'good') events.emit('clock', () => ({ ...handle(), reason: times }), session);
    if (times === 'unusable') {
      refuse({ kind: 'none' });
      return;
    }
    if (lifetime.end(decoded.meta) <= now) {
      events.emit('expired', handle, session);
      refuse({ kind: 'none' });
      return;
    }
    if (isElsewhere(decoded.meta, session.place)) {
      events.emit('rejected', () => ({ ...handle(), reason: 'address' }), session);
      session.expel();
      return;
    }
    found = decoded;
  } catch (error) {
    const newer = error instanceof CoatcheckError && error.code === 'DOCUMENT_NEWER';
    events.emit('rejected', () => ({ ...handle(), reason: newer ? 'newer' : 'unreadable', error }), session);
    refuse(newer ? { kind: 'closed', key: origin.key } : { kind: 'none' });
  } // Outside: a schema that throws is the application's error, and no reason to give its visitors new sessions.
  if (found === undefined) return;
  if (schema !== undefined && !fits(schema, found.data)) {
    events.emit('rejected', () => ({ ...handle(), reason: 'schema' }), session);
    refuse({ kind: 'none' });
    return;
  }
  origin.decoded = found;
  session.identity = identityOf(found.data, identityKeys);
  session.storedEmpty = isEmpty(found);
}
