import { closedDocument } from '../codec/closed.ts';
import type { Data, DecodedRecord, Meta } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { handleOf } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import type { Changes } from '../session/changes.ts';
import type { Ending, Origin, RequestSession } from '../session/request-session.ts';
import type { Owner, StoredRecord } from '../store/contract.ts';
import type { KeyQueue } from '../store/queue.ts';
import type { StoreAccess } from './access.ts';
import { bear } from './birth.ts';
import { type Draft, type Gone, type Landed, type Replayable, writeOver } from './compare-and-set.ts';
import { Drafts, isExpired, LINGER_MS } from './drafts.ts';
import { identityOf } from './identity.ts';
import { linksOf, unlink } from './links.ts';
import { ownerOf } from './owner-name.ts';
import { Owners } from './owners.ts';
import { rotate } from './rotation.ts';
import type { ServerSettings } from './settings.ts';
import { inTurn } from './turns.ts';
import { untouchedOf } from './untouched.ts';

const DONE: Promise<void> = Promise.resolve();

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
  commit(session: RequestSession, access: StoreAccess, answerDepends: boolean): Promise<unknown> {
    const { ending } = session;
    if (ending === undefined) return this.#commit(session, access, answerDepends);
    return this.#end(session, ending, access).then(() => {
      // What was to end with it may have become more meanwhile.
      if (session.ending !== ending) return this.commit(session, access, answerDepends);
      session.ending = undefined;
      return this.#commit(session, access, answerDepends);
    });
  }

  /** Plain `then`, here and below: with AsyncLocalStorage every promise counts twice. */
  #commit(session: RequestSession, access: StoreAccess, answerDepends: boolean): Promise<unknown> {
    // An attempt that may have been stored must not be made again: it could count twice.
    if (session.fault !== undefined) return Promise.reject(session.fault);
    const changes = session.takeChanges();
    if (changes.empty) return DONE;
    const failed = (error: unknown): never => {
      if (session.origin.kind !== 'closed') session.giveBack(changes);
      if (error instanceof CoatcheckError && error.outcome === 'unknown') session.fault = error;
      throw error;
    };
    try {
      return this.#carryOut(session, changes, access, answerDepends).then(undefined, failed);
    } catch (error) {
      return Promise.reject(error).catch(failed);
    }
  }

  #carryOut(session: RequestSession, changes: Changes, access: StoreAccess, answerDepends: boolean): Promise<unknown> {
    const { origin } = session;
    if (origin.kind === 'record') return this.#change(session, origin, changes, access, answerDepends);
    if (origin.kind !== 'closed') return this.#create(session, changes, access);
    // A login is nobody's but its own: it only loses what it would have carried along.
    if (changes.stands) return this.#create(session, changes, access, true);
    // Whoever logged in by hand is not logged in, and must not be told so.
    const depends = answerDepends || identityOf(session.peek(), this.#settings.identityKeys) !== session.identity;
    this.#gone(session, origin.key, changes, depends, false);
    return DONE;
  }

  async #end(session: RequestSession, { key, sent, record, also }: Ending, access: StoreAccess): Promise<void> {
    if (key !== undefined) await this.#endRecord(session, key, sent, record ?? (await unread(access, key)), access);
    for (const end of also) await end();
  }

  /** Closes a record that the browser may hold a ticket to; deletes one that nobody has seen. */
  async #endRecord(
    session: RequestSession,
    key: string,
    sent: boolean,
    record: StoredRecord | undefined,
    access: StoreAccess,
  ): Promise<void> {
    const { store } = access;
    const { documents, clock, events } = this.#settings;
    const owner = record?.owner?.name;
    const links = linksOf(documents, record);
    await unlink(access, links, owner);
    if (sent) {
      const until = clock.now() + LINGER_MS;
      await access.insist('put', () => store.put(key, closedDocument(newNonce()), until));
      if (owner !== undefined && store.forget !== undefined)
        // An index may name dead keys: a failure here costs a later look-up, and ends nothing.
        await access.attempt('forget', async () => store.forget?.(owner, key)).catch(() => undefined);
    } else {
      await access.insist('destroy', () => store.destroy(key, owner));
    }
    if (owner !== undefined) await new Owners(access, documents, clock, events).endLinked(owner, links);
    events.emit('destroyed', () => ({ handle: handleOf(key) }), session);
  }

  /** @param anew over nothing, whatever the handler was shown: the session it was shown is gone */
  async #create(session: RequestSession, changes: Changes, access: StoreAccess, anew = false): Promise<void> {
    const { events, clock, documents } = this.#settings;
    const now = clock.now();
    const nonce = newNonce();
    const data = anew || changes.takes ? changes.replay({}, documents.copyOf) : session.peek();
    const blank: Meta = { created: now, commits: 0, nonces: [] };
    const draft = new Drafts(this.#settings, changes, nonce, now, session.place).of(data, blank);
    if (draft.facts.empty) {
      // Nothing to store yet; that it is to be permanent counts once there is.
      if (changes.permanent !== undefined) session.changes.permanent ??= changes.permanent;
      return;
    }
    const born = await bear(access, documents, draft, nonce, this.#owner(draft));
    session.id = born.id;
    session.cookie = 'set';
    events.emit('created', () => ({ handle: handleOf(born.key) }), session);
    this.#landed(session, born.key, born, changes);
    await this.cap(access, born.record.owner);
  }

  #change(
    session: RequestSession,
    origin: FromRecord,
    changes: Changes,
    access: StoreAccess,
    answerDepends: boolean,
  ): Promise<unknown> {
    const { documents, clock, events } = this.#settings;
    const { key } = origin;
    const nonce = newNonce();
    const drafts = new Drafts(this.#settings, changes, nonce, clock.now(), session.place);
    const meta = usableMeta(origin);
    let base: Data | undefined;
    const baseData = (): Data => {
      base ??= documents.data(origin.record.document);
      return base;
    };
    const over = (decoded: DecodedRecord): Draft => drafts.over(decoded, baseData());
    if (changes.rotates) drafts.move();
    let first = changes.takes
      ? drafts.of(changes.replay(baseData(), documents.copyOf), meta)
      : drafts.of(session.peek(), meta, untouchedOf(session, changes, this.#settings));
    const rotates = changes.rotates || this.#authorityChanged(session, first, origin.record);
    if (first.expiresAt <= clock.now()) {
      if (changes.stands) return this.#create(session, changes, access, true);
      this.#gone(session, key, changes, answerDepends || rotates, false);
      return DONE;
    }
    if (rotates && !changes.rotates) first = drafts.moved(first);
    const conflicted = (): void => events.emit('conflict', () => ({ handle: handleOf(key) }), session);
    return inTurn(this.#queue, access, key, (latest, leave) => {
      const overtaken = latest !== undefined && latest.version !== origin.record.version;
      const newer = overtaken ? documents.readable(latest) : undefined;
      if (newer !== undefined) conflicted();
      // What an update makes of a newer record may be somebody else: that is no update of this record any more.
      const mustMove = (draft: Draft): boolean => this.#authorityChanged(session, draft, origin.record);
      const task: Replayable = {
        key,
        nonce,
        base: newer === undefined || latest === undefined ? origin.record : latest,
        first: newer === undefined ? first : over(newer),
        expired: (record) => isExpired(record, clock.now()),
        conflicted,
        facts: (decoded) => drafts.facts(decoded),
        draft: (current, decoded) => {
          const draft = over(decoded);
          if (!rotates && mustMove(draft)) throw new MustMove(current, draft);
          return draft;
        },
      };
      const move = (base: StoredRecord, draft: Draft): Promise<void> => {
        const moving = {
          ...task,
          base,
          first: draft,
          draft: (_: StoredRecord, decoded: DecodedRecord) => over(decoded),
        };
        return this.#move(session, moving, changes, access, drafts.lingerUntil).finally(leave);
      };
      if (rotates) return move(task.base, task.first);
      if (newer !== undefined && mustMove(task.first)) return move(task.base, drafts.moved(task.first));
      return new Promise((resolve, reject) => {
        const ended = (end: Landed | Gone): void => {
          leave('gone' in end ? undefined : end.record);
          if ('gone' in end) {
            this.#gone(session, key, changes, answerDepends, end.unsure);
          } else {
            this.#cookieAfter(session, origin, end);
            this.#landed(session, key, end, changes);
          }
          resolve();
        };
        const failed = (error: unknown): void => {
          try {
            if (!(error instanceof MustMove)) throw error;
            move(error.base, drafts.moved(error.draft)).then(resolve, reject);
          } catch (final) {
            leave();
            reject(final);
          }
        };
        writeOver(access, documents, task, ended, failed);
      });
    });
  }

  /** Stores the changes under a new key, and ends the old one. */
  async #move(
    session: RequestSession,
    task: Replayable,
    changes: Changes,
    access: StoreAccess,
    closedUntil: number,
  ): Promise<void> {
    const { documents, events } = this.#settings;
    session.refuseLate(true);
    const moved = await rotate(access, documents, {
      ...task,
      worthKeeping: (draft) => !draft.facts.empty,
      owner: (draft) => this.#owner(draft),
      closedUntil,
    });
    if (moved === 'gone') {
      if (changes.stands) await this.#create(session, changes, access, true);
      else this.#gone(session, task.key, changes, true, false);
    } else if (moved === 'closed') {
      // Nothing was worth keeping; that it is to be permanent counts once there is something.
      if (changes.permanent !== undefined) session.changes.permanent ??= changes.permanent;
      session.cookie = 'delete';
      session.origin = { kind: 'none' };
      session.identity = undefined;
    } else {
      session.id = moved.id;
      session.cookie = 'set';
      this.#landed(session, moved.key, moved, changes);
      events.emit('rotated', () => ({ handle: handleOf(moved.key) }), session);
      await this.cap(access, moved.record.owner);
    }
  }

  /** Another owner or another identity than the one read: the record must not keep its key (R17). */
  #authorityChanged(session: RequestSession, draft: Draft, record: StoredRecord): boolean {
    const { ownerOf } = this.#settings;
    if (draft.facts.identity !== session.identity) return true;
    return ownerOf !== undefined && this.#owner(draft)?.name !== record.owner?.name;
  }

  #owner(draft: Draft): Owner | undefined {
    return ownerOf(draft.decoded, this.#settings);
  }

  /** An update keeps the ticket; the browser hears of it only where its cookie goes, comes back or moves. */
  #cookieAfter(session: RequestSession, origin: FromRecord, landed: Landed): void {
    const { meta } = landed.decoded;
    const before = usableMeta(origin);
    if (landed.facts.empty) session.cookie = 'delete';
    else if (session.storedEmpty || landed.refilled === true || meta.permanent !== before.permanent)
      session.cookie = 'set';
    else if (meta.permanent === true && landed.record.expiresAt !== origin.record.expiresAt) session.cookie = 'set';
  }

  #landed(session: RequestSession, key: string, landed: Landed, changes: Changes): void {
    const { events } = this.#settings;
    const { identity, empty } = landed.facts;
    session.committed(key, landed.record, landed.decoded, changes);
    session.identity = identity;
    session.storedEmpty = empty;
    const { overwritten } = landed;
    if (overwritten !== undefined && overwritten.length > 0) {
      events.emit('overwritten', () => ({ handle: handleOf(key), keys: overwritten }), session);
    }
    events.emit('committed', () => ({ handle: handleOf(key) }), session);
  }

  /** The session was ended or rotated away by another request: what this one did is dropped, and said so. */
  #gone(session: RequestSession, key: string, changes: Changes, answerDepends: boolean, unsure: boolean): void {
    // A session that was destroyed while the commit ran has begun anew, and that is not gone.
    if (session.origin.kind !== 'none') session.origin = { kind: 'closed', key };
    if (session.cookie !== 'delete') session.cookie = 'none';
    session.amended = undefined;
    this.#settings.events.emit('gone', () => ({ handle: handleOf(key), keys: [...changes.keys()] }), session);
    if (answerDepends || changes.rotates) {
      throw new CoatcheckError(
        'SESSION_GONE',
        'This session was ended or moved by another request, so the change was not stored. Load the page again.',
        { outcome: unsure ? 'unknown' : 'none' },
      );
    }
  }

  /** The session itself is stored by now: a failure here has been told, and the owner's next login makes up for it. */
  async cap(access: StoreAccess, owner: Owner | undefined): Promise<void> {
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

/** The record of a session that is ended unread: it says what ends with it, if the store answers by now. */
async function unread(access: StoreAccess, key: string): Promise<StoredRecord | undefined> {
  const tried = await access.attempt('read', () => access.store.read(key)).catch(() => undefined);
  return tried !== undefined && 'answer' in tried ? tried.answer : undefined;
}

/** A draft that must go under a new key, found out while it was being written over an old one. */
class MustMove {
  readonly base: StoredRecord;
  readonly draft: Draft;

  constructor(base: StoredRecord, draft: Draft) {
    this.base = base;
    this.draft = draft;
  }
}

function usableMeta(origin: FromRecord): Meta {
  if (origin.decoded === undefined)
    throw new CoatcheckError('DOCUMENT_UNREADABLE', 'A session was committed before it was read.');
  return origin.decoded.meta;
}
