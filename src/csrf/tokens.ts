import { CoatcheckError } from '../errors.ts';
import { derivedKey } from '../session/derived-key.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { Standing } from '../session/request-state.ts';
import { refuseLateChange } from '../session/wire.ts';
import type { CookieSecret } from './cookie-secret.ts';
import { kindOf, makeToken, verifyToken } from './token.ts';

/** What one request has come to with one guard. */
interface Seen {
  /** Who was there at the first look; undefined where that could not be told. */
  readonly before: Standing | undefined;
  /** The secret that the answer sets. */
  fresh: string | undefined;
  /** The token that this answer shows, and what it was made of. */
  token: { readonly text: string; readonly of: string } | undefined;
}

/** Makes and verifies tokens: of the cookie's secret while nobody is logged in, of the session's id afterwards. */
export class Tokens {
  readonly #cookie: CookieSecret;
  readonly #seen = new WeakMap<RequestSession, Seen>();

  constructor(cookie: CookieSecret) {
    this.#cookie = cookie;
  }

  /** The token for this answer. @throws CoatcheckError `USAGE`, `SESSION_HEADERS_SENT` */
  of(session: RequestSession): string {
    try {
      session.look();
    } catch (error) {
      // R91: the page that says that the store is down must be able to render.
      if (session.origin.kind === 'failed') return '';
      throw error;
    }
    const seen = this.watch(session);
    const standing = session.engine.standing(session);
    if (standing === 'moving') {
      throw new CoatcheckError(
        'USAGE',
        'The session gets a new id with this answer, and its CSRF tokens with it. Redirect to the page with the form, or await session.save() first.',
      );
    }
    return standing === 'somebody' ? this.#ofSession(session, seen) : this.#ofCookie(session, seen);
  }

  #ofSession(session: RequestSession, seen: Seen): string {
    const key = derivedKey(session, 'csrf');
    if (key === undefined) return '';
    return cached(seen, `session ${session.secretId}`, () => makeToken('session', key));
  }

  #ofCookie(session: RequestSession, seen: Seen): string {
    // What was there before a logout dies with it.
    const presented = seen.before === 'nobody' ? this.#cookie.read(session.request?.cookie) : undefined;
    const secret = seen.fresh ?? presented ?? this.#draw(session, seen);
    return cached(seen, secret, () => makeToken('cookie', this.#cookie.keyOf(secret)));
  }

  #draw(session: RequestSession, seen: Seen): string {
    if (session.wire !== 'open') refuseLateChange(session.wire, true);
    seen.fresh = this.#cookie.draw();
    return seen.fresh;
  }

  /** Whether a token counts for this request; a promise only where the session must be loaded for that. */
  async verify(token: unknown, session: RequestSession | undefined, cookies: string | undefined): Promise<boolean> {
    const kind = kindOf(token);
    if (kind === undefined) return false;
    if (kind === 'session') {
      const key = session && derivedKey(session, 'csrf');
      return key !== undefined && verifyToken(token as string, key) && mayBeSomebody(session as RequestSession);
    }
    const secret = this.#cookie.read(cookies);
    if (secret === undefined || !verifyToken(token as string, this.#cookie.keyOf(secret))) return false;
    if (session?.origin.kind === 'unloaded') await session.engine.load(session);
    return session === undefined || session.engine.standing(session) === 'nobody';
  }

  /** Sees to the cookie with the head of the answer: set where it is new, deleted by a login and by a logout. */
  watch(session: RequestSession): Seen {
    const known = this.#seen.get(session);
    if (known !== undefined) return known;
    const seen: Seen = { before: standingOf(session), fresh: undefined, token: undefined };
    this.#seen.set(session, seen);
    session.besides ??= new Map();
    session.besides.set(this.#cookie.name, () => this.#setCookie(session, seen));
    return seen;
  }

  #setCookie(session: RequestSession, { before, fresh }: Seen): string | undefined {
    // Ended by another request, whose answer has seen to the cookie.
    if (session.origin.kind === 'closed') return undefined;
    const now = standingOf(session);
    if (fresh !== undefined && now === 'nobody') return this.#cookie.set(fresh);
    const stale = now === 'somebody' || now === 'moving' || (now === 'nobody' && before !== 'nobody');
    return stale && this.#cookie.isIn(session.request?.cookie) ? this.#cookie.delete() : undefined;
  }
}

/** A token of the session's id needs no store: it works, for a logout say, where that is down. */
function mayBeSomebody(session: RequestSession): boolean {
  const { kind } = session.origin;
  return kind === 'failed' || kind === 'unloaded' || session.engine.standing(session) !== 'nobody';
}

/** Undefined where it cannot be told: the store failed, or the session is loaded later. */
function standingOf(session: RequestSession): Standing | undefined {
  try {
    return session.engine.standing(session);
  } catch {
    return undefined;
  }
}

function cached(seen: Seen, of: string, make: () => string): string {
  if (seen.token?.of !== of) seen.token = { of, text: make() };
  return seen.token.text;
}
