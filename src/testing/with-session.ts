import { createSessions } from '../create-sessions.ts';
import type { SessionInterface, SessionRequest } from '../interface/contract.ts';
import { runWith } from '../session/ambient.ts';
import type { Session, SessionData } from '../session/types.ts';
import { memoryStore } from '../store/memory.ts';
import { CookieJar } from './cookie-jar.ts';

/** What a test without a server sends: a POST to the root, so that it may log in, from nowhere, over TLS. */
function testRequest(jar: CookieJar): SessionRequest {
  const none = (): undefined => undefined;
  return { method: 'POST', path: '/', cookie: jar.header(), header: none, address: undefined, secure: true };
}

/**
 * Changes a browser's session from a test, as a request of its own would: Flask's `session_transaction`. The jar's
 * cookie says which session; a new one, and a new ticket, go back into the jar.
 *
 * @returns what `change` returned
 * @throws whatever the commit fails with, such as `SESSION_TOO_LARGE`
 *
 * @example
 * await sessionTransaction(sessions, jar, (session) => session.set('user', 'ann'));
 * const page = await fetch(url, { headers: jar.headers('/account') });
 *
 * @example
 * await sessionTransaction(sessions, jar, () => login.loginUser(ann, { fresh: false }));
 */
export async function sessionTransaction<D, T>(
  sessions: SessionInterface<Session<D>>,
  jar: CookieJar,
  change: (session: Session<D>) => T | Promise<T>,
): Promise<T> {
  const session = await sessions.open(testRequest(jar));
  if (session === undefined) throw new TypeError('These sessions have none for POST /; check the static option.');
  const result = await runWith(session, () => change(session));
  const { setCookie, error } = await sessions.commit(session, { status: 200 });
  if (error !== undefined) throw error;
  jar.store(setCookie);
  return result;
}

/**
 * Runs code that uses the imported `session`, without a server: `session` holds `data` while `fn` runs.
 *
 * @returns what `fn` returned, and the data as it was stored afterwards
 *
 * @example
 * const { data } = await withSession({ cart: ['tea'] }, () => addToCart('milk'));
 * assert.deepEqual(data, { cart: ['tea', 'milk'] });
 */
export async function withSession<T, D = SessionData>(
  data: Record<string, unknown>,
  fn: (session: Session<D>) => T | Promise<T>,
): Promise<{ result: T; data: Record<string, unknown> }> {
  const sessions = createSessions<D>({ store: memoryStore(), sweep: false });
  const jar = new CookieJar();
  await sessionTransaction(sessions, jar, (session) => {
    for (const [key, value] of Object.entries(data)) session.set(key as never, value as never);
  });
  const result = await sessionTransaction(sessions, jar, fn);
  const stored = await sessionTransaction(sessions, jar, (session) => session.toJSON());
  return { result, data: stored };
}
