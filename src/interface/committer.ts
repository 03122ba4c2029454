import { closedDocument } from '../codec/closed.ts';
import type { Data, DecodedRecord, Meta } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { handleOf, hashName } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import type { Changes } from '../session/changes.ts';
import type { Ending, Origin, RequestSession } from '../session/request-session.ts';
import type { Owner, StoredRecord } from '../store/contract.ts';
import type { KeyQueue } from '../store/queue.ts';
import type { StoreAccess } from './access.ts';
import { bear } from './birth.ts';
import { compareAndSet, type Draft, type Facts, type Landed } from './compare-and-set.ts';
import { Drafts, isEmpty, isExpired, LINGER_MS } from './drafts.ts';
import { identityOf } from './identity.ts';
import { ownerName } from './owner-name.ts';
import { Owners } from './owners.ts';
import { rotate } from './rotation.ts';
import type { ServerSettings } from './settings.ts';
import { inTurn } from './turns.ts';

type FromRecord = Extract<Origin, { kind: 'record' }>;

/** Carries out what one request did to its session: end, create, update, rotate or touch. */
export class Committer {
  readonly #settings: ServerSettings;
  readonly #queue: KeyQueue;

  constructor(settings: ServerSettings, queue: KeyQueue) {
    this.#settings = settings;
    this.#queue = queue;
  }

  /**
   * Stores the session's changes. `answerDepends`: what is lost to an ending elsewhere is an error, because somebody
   * waits for it; otherwise it is only told (event `gone`).
   */
  async commit(session: RequestSession, access: StoreAccess, answerDepends: boolean): Promise<void> {
    const { ending } = session;
    if (ending !== undefined) {
      await this.#end(ending, access);
      session.ending = undefined;
    }
    // An attempt that may have been stored must not be made again: it could count twice.
    if (session.fault !== undefined) throw session.fault;
    const changes = session.takeChanges();
    if (changes.empty) return;
    try {
      const { origin } = session;
      if (origin.kind === 'closed') this.#gone(session, origin.key, changes, answerDepends, false);
      else if (origin.kind === 'record') await this.#change(session, origin, changes, access, answerDepends);
      else await this.#create(session, changes, access);
    } catch (error) {
      if (session.origin.kind !== 'closed') session.giveBack(changes);
      if (error instanceof CoatcheckError && error.outcome === 'unknown') session.fault = error;
      throw error;
    }
  }

  /** Closes a record that the browser may hold a ticket to; deletes one that nobody has seen. */
  async #end(ending: Ending, access: StoreAccess): Promise<void> {
    const { key, sent, owner } = ending;
    if (key === undefined) return;
    const { store } = access;
    if (sent) {
      const until = this.#settings.clock.now() + LINGER_MS;
      await access.insist('put', () => store.put(key, closedDocument(newNonce()), until));
      if (owner !== undefined && store.forget !== undefined)
        // An index may name dead keys: a failure here costs a later look-up, and ends nothing.
        await access.attempt('forget', async () => store.forget?.(owner, key)).catch(() => undefined);
    } else {
      await access.insist('destroy', () => store.destroy(key, owner));
    }
    this.#settings.events.emit('destroyed', () => ({ handle: handleOf(key) }));
  }

  async #create(session: RequestSession, changes: Changes, access: StoreAccess): Promise<void> {
    const { events, clock, documents, lifetime } = this.#settings;
    const now = clock.now();
    const nonce = newNonce();
    const data = changes.takes ? changes.replay({}, documents.copyOf) : session.peek();
    const blank: Meta = { created: now, commits: 0, nonces: [] };
    const draft = this.#noted(new Drafts(documents, lifetime, changes, nonce, now).of(data, blank));
    if (isEmpty(draft.decoded)) {
      // Nothing to store yet; that it is to be permanent counts once there is.
      if (changes.permanent !== undefined) session.changes.permanent ??= changes.permanent;
      return;
    }
    const born = await bear(access, documents, draft, nonce, this.#owner(draft));
    session.id = born.id;
    session.cookie = 'set';
    this.#landed(session, born.key, born, changes);
    events.emit('created', () => ({ handle: handleOf(born.key) }));
    await this.#cap(access, born.record.owner);
  }

  async #change(
    session: RequestSession,
    origin: FromRecord,
    changes: Changes,
    access: StoreAccess,
    answerDepends: boolean,
  ): Promise<void> {
    const { documents, lifetime, clock, events } = this.#settings;
    const { key } = origin;
    const nonce = newNonce();
    const drafts = new Drafts(documents, lifetime, changes, nonce, clock.now());
    const meta = usableMeta(origin);
    let base: Data | undefined;
    const baseData = (): Data => {
      base ??= documents.data(origin.record.document);
      return base;
    };
    const over = (decoded: DecodedRecord): Draft => this.#noted(drafts.over(decoded, baseData()));
    let first = this.#noted(
      drafts.of(changes.takes ? changes.replay(baseData(), documents.copyOf) : session.peek(), meta),
    );
    if (first.expiresAt <= clock.now()) return this.#gone(session, key, changes, answerDepends, false);

    const task = {
      key,
      nonce,
      expired: (record: StoredRecord) => isExpired(record, clock.now()),
      conflicted: () => events.emit('conflict', () => ({ handle: handleOf(key) })),
      draft: (_current: StoredRecord, decoded: DecodedRecord) => over(decoded),
    };
    const rotates = changes.rotates || this.#authorityChanged(session, first, origin.record);
    if (rotates) first = drafts.moved(first);
    await inTurn(this.#queue, access, key, async (latest) => {
      const overtaken = latest !== undefined && latest.version !== origin.record.version;
      const newer = overtaken ? documents.readable(latest) : undefined;
      if (newer !== undefined) task.conflicted();
      const start =
        newer === undefined || latest === undefined
          ? { base: origin.record, first }
          : { base: latest, first: over(newer) };
      if (rotates) {
        session.refuseLate(true);
        const moved = await rotate(access, documents, {
          ...task,
          ...start,
          worthKeeping: (draft) => !isEmpty(draft.decoded),
          owner: (draft) => this.#owner(draft),
          closedUntil: drafts.lingerUntil,
        });
        if (moved === 'gone') {
          this.#gone(session, key, changes, true, false);
          return undefined;
        }
        if (moved === 'closed') {
          session.cookie = 'delete';
          session.origin = { kind: 'none' };
          session.identity = undefined;
          return undefined;
        }
        session.id = moved.id;
        session.cookie = 'set';
        this.#landed(session, moved.key, moved, changes);
        events.emit('rotated', () => ({ handle: handleOf(moved.key) }));
        await this.#cap(access, moved.record.owner);
        return undefined;
      }
      const landed = await compareAndSet(access, documents, { ...task, ...start });
      if ('gone' in landed) {
        this.#gone(session, key, changes, answerDepends, landed.unsure);
        return undefined;
      }
      this.#cookieAfter(session, origin, landed);
      this.#landed(session, key, landed, changes);
      return landed.record;
    });
  }

  /** Another owner or another identity than the one read: the record must not keep its key (R17). */
  #authorityChanged(session: RequestSession, draft: Draft, record: StoredRecord): boolean {
    const { ownerOf } = this.#settings;
    if (this.#facts(draft).identity !== session.identity) return true;
    return ownerOf !== undefined && this.#owner(draft)?.name !== record.owner?.name;
  }

  /** The draft with what it says noted down: its objects are in the handler's hands while it is being stored. */
  #noted(draft: Draft): Draft {
    return { ...draft, facts: this.#facts(draft) };
  }

  #facts({ facts, decoded }: Pick<Draft, 'facts' | 'decoded'>): Facts {
    if (facts !== undefined) return facts;
    return { identity: identityOf(decoded.data, this.#settings.identityKeys), empty: isEmpty(decoded) };
  }

  #owner(draft: Draft): Owner | undefined {
    const name = ownerName(draft.decoded, this.#settings);
    if (name === undefined) return undefined;
    return { name: hashName(name), until: this.#settings.lifetime.latest(draft.decoded.meta) };
  }

  /** An update keeps the ticket; the browser hears of it only where its cookie goes, comes back or moves. */
  #cookieAfter(session: RequestSession, origin: FromRecord, landed: Landed): void {
    const { meta } = landed.decoded;
    const before = usableMeta(origin);
    if (this.#facts(landed).empty) session.cookie = 'delete';
    else if (session.storedEmpty || landed.refilled === true || meta.permanent !== before.permanent)
      session.cookie = 'set';
    else if (meta.permanent === true && landed.record.expiresAt !== origin.record.expiresAt) session.cookie = 'set';
  }

  #landed(session: RequestSession, key: string, landed: Landed, changes: Changes): void {
    const { events } = this.#settings;
    const { identity, empty } = this.#facts(landed);
    session.committed(key, landed.record, landed.decoded, changes);
    session.identity = identity;
    session.storedEmpty = empty;
    const { overwritten } = landed;
    if (overwritten !== undefined && overwritten.length > 0) {
      events.emit('overwritten', () => ({ handle: handleOf(key), keys: overwritten }));
    }
    events.emit('committed', () => ({ handle: handleOf(key) }));
  }

  /** The session was ended or rotated away by another request: what this one did is dropped, and said so. */
  #gone(session: RequestSession, key: string, changes: Changes, answerDepends: boolean, unsure: boolean): void {
    // A session that was destroyed while the commit ran has begun anew, and that is not gone.
    if (session.origin.kind !== 'none') session.origin = { kind: 'closed', key };
    if (session.cookie !== 'delete') session.cookie = 'none';
    this.#settings.events.emit('gone', () => ({ handle: handleOf(key), keys: [...changes.keys()] }));
    if (answerDepends || changes.rotates) {
      throw new CoatcheckError(
        'SESSION_GONE',
        'This session was ended or moved by another request, so the change was not stored. Load the page again.',
        { outcome: unsure ? 'unknown' : 'none' },
      );
    }
  }

  /** The session itself is stored by now: a failure here has been told, and the owner's next login makes up for it. */
  async #cap(access: StoreAccess, owner: Owner | undefined): Promise<void> {
    const { maxPerOwner, documents, clock, events } = this.#settings;
    if (maxPerOwner === undefined || owner === undefined || !access.store.capabilities.owners) return;
    await new Owners(access, documents, clock, events).cap(owner.name, maxPerOwner).catch(() => undefined);
  }

  /** Moves the expiry of a session that was used and not changed. A miss is somebody else's write, and theirs counts. */
  async touch(session: RequestSession, origin: FromRecord, access: StoreAccess): Promise<void> {
    const { clock, lifetime } = this.#settings;
    const meta = usableMeta(origin);
    const { version } = origin.record;
    const expiresAt = lifetime.deadline(meta, clock.now());
    const tried = await access.attempt('touch', () => access.store.touch(origin.key, version, expiresAt));
    if (!('answer' in tried) || !tried.answer) return;
    session.origin = { ...origin, record: { ...origin.record, expiresAt } };
    if (meta.permanent === true) session.cookie = 'set';
  }
}

function usableMeta(origin: FromRecord): Meta {
  if (origin.decoded === undefined)
    throw new CoatcheckError('DOCUMENT_UNREADABLE', 'A session was committed before it was read.');
  return origin.decoded.meta;
}
