import { AsyncResource } from 'node:async_hooks';
import { closedNonce } from '../codec/closed.ts';
import { readCookie } from '../cookie/parse.ts';
import type { TicketReading } from '../cookie/ticket.ts';
import { CoatcheckError } from '../errors.ts';
import type { Events } from '../events.ts';
import { handleOf, keyOf } from '../keys/ids.ts';
import { dictionary, dictionaryLater } from '../session/dictionary.ts';
import type { Fostering } from '../session/engine.ts';
import type { Origin, RequestSession, SessionEngine } from '../session/request-session.ts';
import type { Session } from '../session/types.ts';
import type { StoredRecord } from '../store/contract.ts';
import { Budget } from '../store/deadline.ts';
import { KeyQueue } from '../store/queue.ts';
import type { Told } from '../store/turn-reads.ts';
import { asStoreError, reach, StoreAccess } from './access.ts';
import { Adoption } from './adoption.ts';
import { Committer } from './committer.ts';
import type { HeaderChanges, Later, SessionInterface, SessionRequest } from './contract.ts';
import { DictionaryInterface } from './dictionary-interface.ts';
import { Found, type Make } from './found.ts';
import { cookieExpiry, headChanges } from './head-cookie.ts';
import { ready } from './later.ts';
import { giveUp, joined, together } from './participants.ts';
import { ServerSession } from './server-session.ts';
import type { ServerSettings } from './settings.ts';
import type { StoreSource } from './store-source.ts';
import type { Sweeper } from './sweeper.ts';

/** Sessions whose id is in the cookie and whose record is in a store. */
export class ServerInterface<D>
  extends DictionaryInterface<D, ServerSession>
  implements SessionInterface<Session<D>>, SessionEngine
{
  readonly #settings: ServerSettings;
  readonly #source: StoreSource;
  readonly #sweeper: Sweeper;
  readonly #committer: Committer;
  readonly fostering: Fostering;
  /** Commits under way, so that closing can wait for them. */
  readonly #running = new Set<Promise<unknown>>();

  constructor(settings: ServerSettings, source: StoreSource, sweeper: Sweeper) {
    super(settings, ServerSession);
    this.#settings = settings;
    this.#source = source;
    this.#sweeper = sweeper;
    this.#committer = new Committer(settings, new KeyQueue());
    const access = (session: RequestSession) => this.#access(session as ServerSession);
    this.fostering = new Adoption(settings, access, (reached, owner) => this.#committer.cap(reached, owner));
  }

  open(request: SessionRequest): Session<D> | undefined | Promise<Session<D>> {
    return this.#settings.isStatic(request) ? undefined : this.#open(request);
  }

  #open(request: SessionRequest): Session<D> | Promise<Session<D>> {
    const { tickets, lazy } = this.#settings;
    const session = this.#blank(request);
    const face = dictionary<D>(session);
    const ticket = this.presented(session, request, request.cookie, tickets.read);
    if (ticket === undefined) return face;
    const key = keyOf(ticket.id);
    this.#presenting(session, ticket, key);
    return lazy ? face : this.#begin(session, key, face);
  }

  arrive(request: SessionRequest): Later<Session<D>> | undefined | Promise<Later<Session<D>>> {
    const { tickets, isStatic, lazy, cookie, deadline, events, bind } = this.#settings;
    if (isStatic(request)) return undefined;
    const header = request.cookie;
    if (header === undefined) return this.#unasked;
    const { reads } = this.#source;
    const found = readCookie(header, cookie.name);
    if (found.kind === 'none') return this.#unasked;
    const ticket = found.kind === 'one' ? tickets.read(found.value) : undefined;
    // It waits for `load`, and so opens at once.
    if (lazy && ticket !== undefined) return new Found(this.#make, ticket, undefined);
    // What is to be told, checked or answered whoever looks is done now.
    const plain = ticket !== undefined && !ticket.reissue && bind === 'none' && !events.heard;
    if (!plain || reads === undefined) return ready(this.#open(request));
    const key = keyOf(ticket.id);
    const budget = new Budget(deadline);
    return new Promise((resolve) => {
      reads.read(key, budget, (record, error) => {
        if (error === undefined) resolve(new Found(this.#make, ticket, { key, record, budget }));
        else resolve(this.#failing(request, ticket, key, budget, error));
      });
    });
  }

  /** Nothing is known, and nothing will be, whatever the request's headers say when somebody asks. */
  readonly #unasked: Later<Session<D>> = {
    face: (request, asked) => dictionaryLater<D>(() => this.#blank(request), asked),
  };

  #blank(request: SessionRequest, budget: Budget = new Budget(this.#settings.deadline)): ServerSession {
    const session = new ServerSession(this, { kind: 'none' }, budget);
    session.serves(request, this.#settings);
    session.mustLoad = this.#settings.lazy;
    return session;
  }

  /** Gives a session the ticket that its visitor showed. */
  #presenting(session: ServerSession, { id, reissue }: TicketReading, key: string): ServerSession {
    session.id = id;
    session.reissue = reissue;
    session.origin = { kind: 'unloaded', key };
    return session;
  }

  readonly #make: Make = (request, ticket, read) => {
    if (read === undefined) return this.#presenting(this.#blank(request), ticket, keyOf(ticket.id));
    const { key, record, budget } = read;
    const session = this.#presenting(this.#blank(request, budget), ticket, key);
    try {
      this.#found(session, session.origin, key, record);
    } catch (error) {
      // What the store gave is no record.
      session.origin = { kind: 'failed', key, error: asStoreError(error, 'read') };
      session.readOnly = this.#settings.anonymousOnStoreError;
    }
    return session;
  };

  /** A first read that failed is made again now, while the visitor waits for it. */
  async #failing(
    request: SessionRequest,
    ticket: TicketReading,
    key: string,
    budget: Budget,
    error: unknown,
  ): Promise<Later<Session<D>>> {
    const session = this.#presenting(this.#blank(request, budget), ticket, key);
    await this.#read(session, key, error);
    return ready(dictionary<D>(session));
  }

  /** Reads before the handler runs. One promise where reads travel together, for each counts twice. */
  #begin(session: ServerSession, key: string, face: Session<D>): Promise<Session<D>> {
    const { reads } = this.#source;
    if (reads === undefined) return this.#read(session, key).then(() => face);
    const before = session.origin;
    return new Promise((resolve) => {
      const told: Told = (record, error) => {
        if (error === undefined) {
          this.#found(session, before, key, record);
          resolve(face);
        } else {
          resolve(this.#read(session, key, error).then(() => face));
        }
      };
      // Listeners, and a schema that is asked now, run in the context of their own request, not of the turn's first one.
      const { events, bind } = this.#settings;
      reads.read(key, session.budget, events.heard || bind !== 'none' ? AsyncResource.bind(told) : told);
    });
  }

  /**
   * Finds the session's record. A store that fails does not fail the request, only whoever looks.
   *
   * @param first what a first attempt failed with, if one was made
   */
  async #read(session: ServerSession, key: string, first?: unknown): Promise<void> {
    const before = session.origin;
    try {
      const reached = this.#access(session);
      const access = reached instanceof StoreAccess ? reached : await reached;
      this.#found(session, before, key, await (first === undefined ? access.read(key) : access.readAgain(key, first)));
    } catch (error) {
      if (session.origin !== before) return;
      const failure = error instanceof Error ? error : new Error('The session store failed.');
      session.origin = { kind: 'failed', key, error: failure };
      session.readOnly = this.#settings.anonymousOnStoreError;
    }
  }

  #found(session: ServerSession, before: Origin, key: string, record: StoredRecord | undefined): void {
    // Destroyed while it was being read: what was found is what is to be ended, and nobody's session any more.
    if (session.origin !== before) return;
    session.readOnly = false;
    session.origin = this.#judgeFound(session, key, record);
    if (session.reissue && session.origin.kind === 'record') session.cookie = 'set';
    this.checkPlace(session);
  }

  #judgeFound(session: ServerSession, key: string, record: StoredRecord | undefined): Origin {
    const { events, clock } = this.#settings;
    if (record === undefined) {
      events.emit('rejected', () => ({ reason: 'unknown' }), session);
      return { kind: 'none' };
    }
    // Not `<=`: a time that is no number is over. A closed record is over too one day, whether or not it was swept.
    if (!(record.expiresAt > clock.now())) {
      tell(events, 'expired', key, session);
      return { kind: 'none' };
    }
    if (closedNonce(record.document) !== undefined) return { kind: 'closed', key };
    tell(events, 'loaded', key, session);
    return { kind: 'record', key, record, decoded: undefined };
  }

  async load(session: RequestSession): Promise<void> {
    const own = session as ServerSession;
    own.mustLoad = false;
    if (own.origin.kind === 'unloaded') {
      const { key } = own.origin;
      own.loading ??= this.#read(own, key);
      await own.loading;
    }
    if (own.origin.kind === 'failed' && !own.readOnly) throw own.origin.error;
  }

  async reload(session: RequestSession): Promise<void> {
    const own = session as ServerSession;
    own.mustLoad = false;
    await own.running?.catch(() => undefined);
    const { origin } = own;
    if (origin.kind !== 'none') await this.#read(own, origin.key);
    own.forgetChanges(undefined);
    // A ticket that leads to nothing any more must not overwrite the cookie of a login beside it.
    if (own.origin.kind !== 'record' && own.cookie === 'set') own.cookie = 'none';
    if (own.origin.kind === 'failed' && !own.readOnly) throw own.origin.error;
  }

  async save(session: RequestSession): Promise<void> {
    const own = session as ServerSession;
    // Nothing to store is nothing to look at.
    if (own.running === undefined && own.fault === undefined && !own.modified && own.participants.length === 0) return;
    session.look();
    await this.#store(own, true, () => undefined, rethrow);
  }

  commit(face: Session<D>): HeaderChanges | Promise<HeaderChanges> {
    const session = this.behind(face);
    try {
      return this.#work(session) ?? this.#head(session);
    } catch (error) {
      // An edit in place may hold what no session takes, and that is seen only now.
      return this.#failed(session, error as Error);
    }
  }

  /** The answer says what was lost, so that its end need not tell it again. */
  #failed(session: ServerSession, error: Error): HeaderChanges {
    session.takeChanges();
    giveUp(session);
    return { ...this.#head(session), error };
  }

  /** What the head waits for; undefined for nothing. */
  #work(session: ServerSession): Promise<HeaderChanges> | undefined {
    const head = (): HeaderChanges => this.#head(session);
    if (session.running !== undefined || session.modified || session.participants.length > 0) {
      return this.#store(session, false, head, (error) => this.#failed(session, error as Error));
    }
    if (session.fault !== undefined) throw session.fault;
    const { origin } = session;
    if (!session.accessed || origin.kind !== 'record' || origin.decoded === undefined) return undefined;
    const { lifetime, clock } = this.#settings;
    if (session.storedEmpty || !lifetime.touchDue(origin.decoded.meta, origin.record.expiresAt, clock.now()))
      return undefined;
    // A touch that fails shortens a life and loses nothing; the store's failure has been told.
    return Promise.resolve(this.#access(session))
      .then((access) => this.#committer.touch(session, origin, access))
      .then(head, head);
  }

  /** Commits after whatever commit of this session is under way. One promise for the commit and for what follows it. */
  #store<T>(
    session: ServerSession,
    answerDepends: boolean,
    stored: () => T,
    failed: (error: unknown) => T,
  ): Promise<T> {
    const { running } = session;
    const run = (): Promise<unknown> => {
      try {
        return this.#run(session, answerDepends);
      } catch (error) {
        return Promise.reject(error);
      }
    };
    const work = running === undefined ? run() : running.then(run, run);
    const through = (): void => {
      this.#running.delete(work);
      if (session.running === work) session.running = undefined;
    };
    session.running = work;
    this.#running.add(work);
    return work.then(
      () => {
        through();
        return stored();
      },
      (error) => {
        through();
        return failed(error);
      },
    );
  }

  #run(session: ServerSession, answerDepends: boolean): Promise<unknown> {
    if (!session.modified) {
      const { events } = this.#settings;
      const gone = () =>
        events.emit('gone', () => ({ handle: handleOf((session.origin as { key: string }).key) }), session);
      return session.fault === undefined ? joined(session, gone) : Promise.reject(session.fault);
    }
    const commit = (access: StoreAccess): Promise<unknown> =>
      session.ending?.unchecked === true
        ? this.#findEnding(session, access).then(() => this.#committer.commit(session, access, answerDepends))
        : this.#committer.commit(session, access, answerDepends);
    const access = this.#access(session);
    return together(session, access instanceof StoreAccess ? commit(access) : access.then(commit));
  }

  /** A ticket that nobody has looked up yet may lead to nothing, and then there is nothing to end (R34). */
  async #findEnding(session: ServerSession, access: StoreAccess): Promise<void> {
    const { ending } = session;
    if (ending?.key === undefined || ending.record !== undefined) return;
    const record = await access.read(ending.key);
    const there = record !== undefined && closedNonce(record.document) === undefined;
    session.ending = { ...ending, unchecked: false, key: there ? ending.key : undefined, record };
  }

  /** No promise once the store is open: with AsyncLocalStorage every promise counts twice. */
  #access(session: ServerSession): StoreAccess | Promise<StoreAccess> {
    if (session.access !== undefined) return session.access;
    const { events } = this.#settings;
    const use = (access: StoreAccess): StoreAccess => {
      this.#sweeper.start(access.store);
      session.access = access;
      return access;
    };
    const { opened } = this.#source;
    if (opened !== undefined) return use(new StoreAccess(this.#source, opened, session.budget, events, session));
    return reach(this.#source, session.budget, events, session).then(use);
  }

  #head(session: RequestSession): HeaderChanges {
    const { cookie, tickets } = this.#settings;
    return headChanges(session, cookie, ({ id }) => {
      if (id === undefined)
        throw new CoatcheckError('SESSION_UNAVAILABLE', 'A session without an id cannot have a cookie.');
      return cookie.setOpaque(tickets.write(id), cookieExpiry(session));
    });
  }

  finish(face: Session<D>): Promise<unknown> | undefined {
    const session = this.behind(face);
    if (session.running === undefined && !session.modified && session.participants.length === 0) return undefined;
    return this.#store(
      session,
      false,
      () => undefined,
      (error) => {
        this.lost(session, error);
        throw error;
      },
    );
  }

  protected end(session: ServerSession): Promise<unknown> {
    return this.#store(session, false, () => undefined, rethrow);
  }

  /** Resolves when no commit is under way. */
  async drain(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}

/** Apart, so that nothing is made for a closure where nobody listens. */
function tell(events: Events, type: 'expired' | 'loaded', key: string, session: ServerSession): void {
  events.emit(type, () => ({ handle: handleOf(key) }), session);
}

function rethrow(error: unknown): never {
  throw error;
}
