import { durationMs } from '../duration.ts';
import { FLASH_KEYS } from '../flash/queue.ts';
import type { Kit } from '../interface/kit.ts';
import type { Revocable } from '../interface/revocation.ts';
import { newId } from '../keys/ids.ts';
import { KeyRing } from '../keys/ring.ts';
import { open, seal } from '../keys/seal.ts';
import { readSecrets } from '../keys/secret.ts';
import type { RequestSession } from '../session/request-session.ts';
import { isStill, versionIn } from './authenticated.ts';
import type { RememberOptions, Remembers, Restoring } from './remember.ts';
import type { RememberCookie } from './remember-cookie.ts';
import type { LoginUser } from './user.ts';

/** What is sealed into the cookie; times in ms since 1970. */
interface Token extends Revocable {
  readonly user: string;
  readonly end: number;
  readonly version?: unknown;
}

/**
 * Remembering without a store: the user and the end, sealed into the cookie. It survives restarts and any number of
 * servers; theft is not noticed. It can be taken back as far as the sessions can: with revocation `'none'` a copied
 * cookie counts until its end, or until the secret or the user's `sessionVersion` changes.
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

  begin(session: RequestSession, user: string, duration: number = this.#duration): void {
    const since = this.#kit.clock.now();
    const end = since + duration;
    session.join(async () => {
      const token: Token = { id: newId(), since, user, end, version: versionIn(session.amended) };
      this.#cookie.set(session, seal(this.#ring, JSON.stringify(token)), end);
    });
  }

  async restore<U extends LoginUser>(session: RequestSession, how: Restoring<U>): Promise<U | undefined> {
    // Ended a moment ago: whoever logged out is not brought back by what was sent before.
    if (session.origin.kind === 'closed') return undefined;
    const token = this.#read(session);
    if (token === undefined) {
      this.#cookie.delete(session);
      return undefined;
    }
    if (token.end <= this.#kit.clock.now()) return undefined;
    if ((await this.#kit.revocation?.endOf(token, () => token.user)) !== undefined) return undefined;
    const user = await how.load(token.user);
    const meta = user && how.meta(user);
    if (meta === undefined || versionIn(meta) !== token.version || !how.wanted()) return undefined;
    session.regenerate([...FLASH_KEYS]);
    session.amend(meta);
    return user;
  }

  #read(session: RequestSession): Token | undefined {
    const value = this.#cookie.value(session);
    const text = value && open(this.#ring, value)?.text;
    return text ? (JSON.parse(text) as Token) : undefined;
  }

  async end(session: RequestSession): Promise<void> {
    const { revocation } = this.#kit;
    const token = this.#read(session);
    if (revocation === undefined || token === undefined) return;
    // An epoch ends all logins of a user, and with them the one that has just begun.
    if (revocation.mode === 'epoch' && isStill(session, token.user)) return;
    await revocation.revoke(token, token.user, token.end);
  }

  moved(): void {
    // Nothing leads from the cookie to a session.
  }
}
