import { CoatcheckError } from '../errors.ts';
import { handleOf } from '../keys/ids.ts';
import type { Origin, RequestSession } from '../session/request-session.ts';
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
  try {
    const decoded = documents.decode(origin.record.document);
    const now = clock.now();
    const times = lifetime.judge(decoded.meta, now);
    if (times !== 'good') events.emit('clock', () => ({ ...handle(), reason: times }));
    if (times === 'unusable') {
      refuse({ kind: 'none' });
      return;
    }
    if (lifetime.end(decoded.meta) <= now) {
      events.emit('expired', handle);
      refuse({ kind: 'none' });
      return;
    }
    if (schema !== undefined && !fits(schema, decoded.data)) {
      events.emit('rejected', () => ({ ...handle(), reason: 'schema' }));
      refuse({ kind: 'none' });
      return;
    }
    origin.decoded = decoded;
    session.identity = identityOf(decoded.data, identityKeys);
    session.storedEmpty = isEmpty(decoded);
  } catch (error) {
    if (error instanceof CoatcheckError && error.code === 'OPTION_INVALID') throw error;
    const newer = error instanceof CoatcheckError && error.code === 'DOCUMENT_NEWER';
    events.emit('rejected', () => ({ ...handle(), reason: newer ? 'newer' : 'unreadable', error }));
    refuse(newer ? { kind: 'closed', key: origin.key } : { kind: 'none' });
  }
}
