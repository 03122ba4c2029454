import { CoatcheckError } from '../errors.ts';
import { handleOf, keyOf } from '../keys/ids.ts';
import { dictionary, dictionaryLater } from '../session/dictionary.ts';
import type { Origin, RequestSession, SessionEngine } from '../session/request-session.ts';
import type { Session } from '../session/types.ts';
import type { HeaderChanges, Later, SessionInterface, SessionRequest } from './contract.ts';
import { CookieSession } from './cookie-session.ts';
import { DictionaryInterface } from './dictionary-interface.ts';
import { LINGER_MS } from './drafts.ts';
import { cookieExpiry, headChanges } from './head-cookie.ts';
import { ready } from './later.ts';
import { ownerName } from './owner-name.ts';
import { giveUp, together } from './participants.ts';
import type { Revocation } from './revocation.ts';
import { SealedCommitter, type SealedSettings } from './sealed-committer.ts';
import { openSealed, type SealedSession, sealSession } from './sealed-value.ts';

/** Sessions that are wholly in the cookie: encrypted, authenticated, with both time limits inside. */
export class SealedInterface<D>
  extends DictionaryInterface<D, CookieSession>
  implements SessionInterface<Session<D>>, SessionEngine
{
  readonly #settings: SealedSettings;
  readonly #committer: SealedCommitter;
  readonly #running = new Set<Promise<unknown>>();

  constructor(settings: SealedSettings) {
    super(settings, CookieSession);
    this.#settings = settings;
    this.#committer = new SealedCommitter(settings);
  }

  open(request: SessionRequest): Session<D> | undefined | Promise<Session<D>> {
    return this.#settings.isStatic(request) ? undefined : this.#open(request);
  }

  /** Where no store is asked and nobody listens, a seal is opened when somebody looks. */
  arrive(request: SessionRequest): Later<Session<D>> | undefined | Promise<Later<Session<D>>> {
    const { isStatic, revocation, bind, events } = this.#settings;
    if (isStatic(request)) return undefined;
    if (request.cookie === undefined || (revocation === undefined && bind === 'none' && !events.heard)) {
      return this.#unasked;
    }
    return ready(this.#open(request));
  }

  readonly #unasked: Later<Session<D>> = {
    face: (request, asked) => {
      // What the request said when it came counts, whatever its headers say when somebody asks.
      const { cookie } = request;
      return dictionaryLater<D>(() => this.#found(request, cookie).session, asked);
    },
  };

  #open(request: SessionRequest): Session<D> | Promise<Session<D>> {
    const { revocation } = this.#settings;
    const { session, sealed } = this.#found(request, request.cookie);
    const face = dictionary<D>(session);
    if (sealed === undefined || revocation === undefined) return face;
    return this.#checkRevoked(session, sealed, revocation).then(() => face);
  }

  #found(
    request: SessionRequest,
    cookie: string | undefined,
  ): { session: CookieSession; sealed?: SealedSession | undefined } {
    const { ring } = this.#settings;
    const session = new CookieSession(this, { kind: 'none' });
    // A value of a removed key looks like a forged one; both are deleted, since no slow answer can depend on them.
    const sealed = this.presented(session, request, cookie, (value) => openSealed(ring, value));
    if (sealed === undefined) return { session };
    session.origin = this.#judgeFound(session, sealed);
    if (session.origin.kind === 'none') return { session };
    session.sealed = sealed;
    if (sealed.stale) session.reissue = true;
    this.checkPlace(session);
    return { session, sealed };
  }

  #judgeFound(session: CookieSession, sealed: SealedSession): Origin {
    const { events, clock } = this.#settings;
    const key = keyOf(sealed.id);
    const { document, expiresAt } = sealed;
    if (expiresAt <= clock.now()) {
      events.emit('expired', () => ({ handle: handleOf(key) }), session);
      return { kind: 'none' };
    }
    events.emit('loaded', () => ({ handle: handleOf(key) }), session);
    return { kind: 'record', key, record: { document, version: 0, expiresAt }, decoded: undefined };
  }

  async #checkRevoked(session: CookieSession, sealed: SealedSession, revocation: Revocation): Promise<void> {
    const key = keyOf(sealed.id);
    try {
      const ended = await revocation.endOf(sealed, () => this.#ownerOf(session));
      if (ended === undefined) return;
      session.sealed = undefined;
      // As a closed record in a store: after a minute the ticket is one like any unknown, and a login may follow.
      const recent = this.#settings.clock.now() < ended + LINGER_MS;
      session.origin = recent ? { kind: 'closed', key } : { kind: 'none' };
      if (recent) return;
      this.#settings.events.emit('rejected', () => ({ handle: handleOf(key), reason: 'revoked' }), session);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error('The session store failed.');
      session.origin = { kind: 'failed', key, error: failure };
    }
  }

  /** The owner by what is in the seal. */
  #ownerOf(session: RequestSession): string | undefined {
    this.decode(session);
    const { origin } = session;
    if (origin.kind !== 'record' || origin.decoded === undefined) return undefined;
    return ownerName(origin.decoded, this.#settings);
  }

  load(): Promise<void> {
    return Promise.resolve();
  }

  /** Nothing is stored before the head leaves with the cookie; what can fail is checked. */
  async save(session: RequestSession): Promise<void> {
    session.look();
    await this.#committer.commit(session as CookieSession, true);
  }

  async reload(session: RequestSession): Promise<void> {
    session.look();
    session.forgetChanges(session.origin.kind === 'record' ? this.storedData(session.origin.record) : undefined);
  }

  commit(face: Session<D>): HeaderChanges | Promise<HeaderChanges> {
    const session = this.behind(face);
    try {
      const work = this.#work(session);
      if (work === undefined) return this.#head(session);
      return this.#tracked(work).then(
        () => this.#head(session),
        (error: Error) => this.#failed(session, error),
      );
    } catch (error) {
      return this.#failed(session, error as Error);
    }
  }

  /** Revocations under way, so that closing can wait for them. */
  #tracked(work: Promise<unknown>): Promise<unknown> {
    const through = (): void => {
      this.#running.delete(work);
    };
    this.#running.add(work);
    work.then(through, through);
    return work;
  }

  /** Resolves when no revocation is under way. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** The old cookie stays while its seal could not be revoked; one that was to end goes from this browser all the same. */
  #failed(session: CookieSession, error: Error): HeaderChanges {
    const { dead } = session;
    if (dead.length > 0) session.cookie = dead.some(({ ended }) => ended) ? 'delete' : 'none';
    giveUp(session);
    return { ...this.#head(session), error };
  }

  #head(session: CookieSession): HeaderChanges {
    const { cookie, ring } = this.#settings;
    return headChanges(session, cookie, () => {
      const { sealed } = session;
      if (sealed === undefined)
        throw new CoatcheckError('SESSION_UNAVAILABLE', 'There is nothing to seal into the cookie.');
      session.value ??= sealSession(ring, sealed);
      return cookie.setOpaque(session.value, cookieExpiry(session));
    });
  }

  /** A sealed session is its cookie, and after the head no cookie can be sent: every later write is refused. */
  override sent(face: Session<D>, isPrivate: boolean): void {
    super.sent(face, isPrivate);
    this.behind(face).onlyByCookie = true;
  }

  protected end(session: CookieSession): Promise<unknown> | undefined {
    return this.#work(session);
  }

  /** What the head waits for; undefined for nothing. */
  #work(session: CookieSession): Promise<unknown> | undefined {
    const sealing = this.#committer.commit(session, false);
    return session.participants.length === 0 ? sealing : together(session, sealing ?? Promise.resolve());
  }
}
