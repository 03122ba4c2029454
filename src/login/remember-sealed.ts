import { type Duration, durationMs } from '../duration.ts';
import { FLASH_KEYS } from '../flash/queue.ts';
import type { Kit } from '../interface/kit.ts';
import { KeyRing } from '../keys/ring.ts';
import { open, seal } from '../keys/seal.ts';
import { readSecrets } from '../keys/secret.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import type { RememberCookie } from './remember-cookie.ts';
import type { LoginUser } from './user.ts';

/**
 * Remembering without a store: the user and the end, sealed into the cookie. It survives restarts and any number of
 * servers. It cannot be taken back: a copied cookie counts until its end, or until the secret or the user's
 * `sessionVersion` changes; theft is not noticed; logging out clears this browser only.
 */
export class RememberSealed implements Remembers {
  readonly #kit: Kit;
  readonly #cookie: RememberCookie;
  readonly #ring: KeyRing;
  /** ms */
  readonly #duration: number;

  /** @throws CoatcheckError `SECRET_REQUIRED`, `SECRET_WEAK` */
  constructor(options: RememberOptions, kit: Kit, cookie: RememberCookie) {
    this.#kit = kit;
    this.#cookie = cookie;
    this.#ring = new KeyRing(readSecrets(options.secret, 'remember.secret'), 'remember', cookie.name);
    this.#duration = durationMs(options.duration ?? '30d', 'remember.duration');
  }

  begin(session: RequestSession, user: string, duration: Duration | undefined): void {
    const end = this.#kit.clock.now() + (duration === undefined ? this.#duration : durationMs(duration, 'duration'));
    session.join(async () => {
      const version = versionOf(session);
      this.#cookie.set(session, seal(this.#ring, JSON.stringify({ user, end, version })), end);
    });
  }

  async restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    const token = this.#read(session);
    const user = token && (await how.load(token.user));
    if (token === undefined || user === undefined) {
      this.#cookie.delete(session);
      return undefined;
    }
    const meta = how.meta(user) as { authenticated?: { version?: unknown } };
    if (meta.authenticated?.version !== token.version) {
      this.#cookie.delete(session);
      return undefined;
    }
    session.regenerate([...FLASH_KEYS]);
    session.amend(meta);
    return user;
  }

  #read(session: RequestSession): { user: string; end: number; version?: unknown } | undefined {
    const value = this.#cookie.value(session);
    const text = value && open(this.#ring, value)?.text;
    const token = text ? JSON.parse(text) : undefined;
    return token !== undefined && token.end > this.#kit.clock.now() ? token : undefined;
  }

  forget(): void {
    // There is nothing to forget but the cookie.
  }

  moved(): void {
    // Nothing leads from the cookie to a session.
  }
}

function versionOf(session: RequestSession): unknown {
  const meta = { ...session.amended } as { authenticated?: { version?: unknown } };
  return meta.authenticated?.version;
}
