import type { Data, DecodedRecord, Meta } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { handleOf, keyOf, newId } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import type { KeyRing } from '../keys/ring.ts';
import type { Changes } from '../session/changes.ts';
import type { Origin } from '../session/request-session.ts';
import type { CookieSession, DeadSeal } from './cookie-session.ts';
import { Drafts } from './drafts.ts';
import { identityOf } from './identity.ts';
import { ownerName } from './owner-name.ts';
import type { Revocation } from './revocation.ts';
import { type SealedSession, sealSession } from './sealed-value.ts';
import type { CommonSettings } from './settings.ts';
import { untouchedOf } from './untouched.ts';

/** What sealed sessions need besides. */
export interface SealedSettings extends CommonSettings {
  readonly ring: KeyRing;
  readonly revocation: Revocation | undefined;
}

type FromRecord = Extract<Origin, { kind: 'record' }>;

/** Carries out what one request did to a session that is its cookie: end, seal anew, extend, revoke. */
export class SealedCommitter {
  readonly #settings: SealedSettings;

  constructor(settings: SealedSettings) {
    this.#settings = settings;
  }

  /** Decides what the cookie will hold; a promise only where something must be revoked first. */
  commit(session: CookieSession, answerDepends: boolean): Promise<void> | undefined {
    if (session.ending !== undefined) {
      session.participants = [...session.ending.also.map((store) => ({ store, own: false })), ...session.participants];
      if (session.sealed !== undefined) session.dead.push({ sealed: session.sealed, ended: true });
      session.endedOne = true;
      session.ending = undefined;
      session.sealed = undefined;
    }
    try {
      this.#change(session, answerDepends);
    } catch (error) {
      // What was ended is ended, whatever becomes of the rest.
      const revoking = this.#revokeDead(session);
      if (revoking === undefined) throw error;
      return revoking.then(() => {
        throw error;
      });
    }
    return this.#revokeDead(session);
  }

  #change(session: CookieSession, answerDepends: boolean): void {
    const { origin } = session;
    const changes = session.takeChanges();
    if (changes.empty) {
      this.#touch(session, origin);
      return;
    }
    try {
      // A login is nobody's but its own: it only loses what it would have carried along.
      if (origin.kind === 'closed' && !changes.stands) {
        // Whoever logged in by hand is not logged in, and must not be told so.
        const depends = answerDepends || identityOf(session.peek(), this.#settings.identityKeys) !== session.identity;
        this.#gone(session, origin.key, changes, depends);
      } else this.#seal(session, changes);
    } catch (error) {
      if (session.origin.kind !== 'closed') session.giveBack(changes);
      throw error;
    }
  }

  #seal(session: CookieSession, changes: Changes): void {
    const { documents, clock, events, ring } = this.#settings;
    const { origin } = session;
    const now = clock.now();
    const known = origin.kind === 'record' ? origin.decoded : undefined;
    // A seal whose inside counted for nothing lends the new session neither its id nor its age.
    const old = known === undefined ? undefined : session.sealed;
    const meta: Meta = known?.meta ?? { created: now, commits: 0, nonces: [] };
    const base = origin.kind === 'record' ? origin.record.document : undefined;
    const stored = (): Data => (base === undefined ? {} : documents.data(base));
    const anew = changes.takes || origin.kind === 'closed';
    const data = anew ? changes.replay(stored(), documents.copyOf) : session.peek();
    const drafted = new Drafts(this.#settings, changes, newNonce(), now, session.place).of(
      data,
      { ...meta, nonces: [] },
      anew ? undefined : untouchedOf(session, changes, this.#settings),
    );
    if (drafted.facts.empty) {
      this.#emptied(session, old, changes);
      return;
    }
    // A name that is none is found out before the cookie is made, as with a store.
    const owner = ownerName(drafted.decoded, this.#settings);
    const { identity } = drafted.facts;
    if (identity !== undefined && owner === undefined) this.#wantOwner();
    const moves = old !== undefined && (changes.rotates || identity !== session.identity);
    const { document, expiresAt, decoded } = drafted;
    const kept = moves ? undefined : old;
    const { id, since } = kept ?? { id: newId(), since: session.endedOne ? now + 1 : now };
    const sealed: SealedSession = { id, since, expiresAt, document };
    // Before anything is settled, because this is where it shows whether it fits.
    session.value = sealSession(ring, sealed);
    if (moves && this.#endsOnRotation({ data: stored(), meta }, decoded))
      session.dead.push({ sealed: old, ended: false });
    session.sealed = sealed;
    session.cookie = 'set';
    session.identity = identity;
    const key = kept !== undefined && origin.kind === 'record' ? origin.key : keyOf(id);
    session.committed(key, { document, version: decoded.meta.commits, expiresAt }, decoded, changes);
    if (old === undefined) events.emit('created', () => ({ handle: handleOf(key) }), session);
    else if (moves) events.emit('rotated', () => ({ handle: handleOf(key) }), session);
    events.emit('committed', () => ({ handle: handleOf(key) }), session);
  }

  /** Emptied is not logged out, but there is nothing left that a cookie could hold. */
  #emptied(session: CookieSession, old: SealedSession | undefined, changes: Changes): void {
    if (old === undefined) {
      // Nothing to seal yet; that it is to be permanent counts once there is.
      if (changes.permanent !== undefined) session.changes.permanent ??= changes.permanent;
      return;
    }
    if (changes.permanent !== undefined) session.changes.permanent ??= changes.permanent;
    if (changes.rotates) session.dead.push({ sealed: old, ended: true });
    session.sealed = undefined;
    session.cookie = 'delete';
    session.origin = { kind: 'none' };
    session.identity = undefined;
  }

  /** Who logs people in by hand must say whose a session is, or an epoch could never end it. */
  #wantOwner(): void {
    const { revocation, ownerOf } = this.#settings;
    if (revocation?.mode !== 'epoch' || ownerOf !== undefined) return;
    throw new CoatcheckError(
      'OPTION_INVALID',
      "revocation: 'epoch' needs ownerOf, which says whose session it is, or a login by createLogin.",
    );
  }

  /** An epoch ends all of an owner's seals, so a rotation that keeps the owner must not move it. */
  #endsOnRotation(stored: DecodedRecord, now: DecodedRecord): boolean {
    const { revocation } = this.#settings;
    if (revocation?.mode !== 'epoch') return true;
    const before = ownerName(stored, this.#settings);
    return before !== undefined && before !== ownerName(now, this.#settings);
  }

  /** A session that was used and not changed is sealed again, at most once per tenth of its idle time. */
  #touch(session: CookieSession, origin: Origin): void {
    const { sealed } = session;
    if (sealed === undefined || origin.kind !== 'record') return;
    const { lifetime, clock } = this.#settings;
    const now = clock.now();
    const due =
      session.accessed && origin.decoded !== undefined && lifetime.touchDue(origin.decoded.meta, sealed.expiresAt, now);
    if (!due && !session.reissue) return;
    this.#extend(session, sealed, origin, due ? now : undefined);
  }

  #extend(session: CookieSession, sealed: SealedSession, origin: FromRecord, now: number | undefined): void {
    const { lifetime } = this.#settings;
    const meta = origin.decoded?.meta;
    const expiresAt = now === undefined || meta === undefined ? sealed.expiresAt : lifetime.deadline(meta, now);
    session.sealed = { ...sealed, expiresAt };
    session.value = undefined;
    session.origin = { ...origin, record: { ...origin.record, expiresAt } };
    session.reissue = false;
    session.cookie = 'set';
  }

  #revokeDead(session: CookieSession): Promise<void> | undefined {
    const { revocation } = this.#settings;
    if (session.dead.length === 0) return undefined;
    if (revocation !== undefined) return this.#revokeEach(session, revocation);
    for (const dead of session.dead.splice(0)) this.#tell(session, dead);
    return undefined;
  }

  async #revokeEach(session: CookieSession, revocation: Revocation): Promise<void> {
    const { documents, lifetime, clock } = this.#settings;
    // Taken off one by one: what could not be revoked now is the next commit's to revoke.
    for (let dead = session.dead[0]; dead !== undefined; dead = session.dead[0]) {
      const decoded = documents.readable({ ...dead.sealed, version: 0 });
      if (decoded !== undefined) {
        // Whatever a slow request seals from it later ends here at the latest.
        const until = Math.max(lifetime.latest(decoded.meta), clock.now());
        await revocation.revoke(dead.sealed, ownerName(decoded, this.#settings), until);
      }
      session.dead.shift();
      this.#tell(session, dead);
    }
  }

  #tell(session: CookieSession, { sealed, ended }: DeadSeal): void {
    if (ended) this.#settings.events.emit('destroyed', () => ({ handle: handleOf(keyOf(sealed.id)) }), session);
  }

  #gone(session: CookieSession, key: string, changes: Changes, answerDepends: boolean): void {
    if (session.cookie !== 'delete') session.cookie = 'none';
    session.amended = undefined;
    this.#settings.events.emit('gone', () => ({ handle: handleOf(key), keys: [...changes.keys()] }), session);
    if (answerDepends || changes.rotates) {
      throw new CoatcheckError(
        'SESSION_GONE',
        'This session was ended, so the change was not kept. Load the page again.',
        { outcome: 'none' },
      );
    }
  }
}
