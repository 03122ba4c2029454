import { plainTickets, signedTickets } from './cookie/ticket.ts';
import { type Duration, durationMs } from './duration.ts';
import { reach, type StoreAccess } from './interface/access.ts';
import { Backend } from './interface/backend.ts';
import type { SessionInterface } from './interface/contract.ts';
import { type Kit, lendKit } from './interface/kit.ts';
import { type CommonOptions, check, checkNames, readCommon } from './interface/options.ts';
import { type OwnedSession, Owners, ownersUnsupported } from './interface/owners.ts';
import { Records } from './interface/records.ts';
import { ServerInterface } from './interface/server.ts';
import type { ServerSettings } from './interface/settings.ts';
import { type StoreOption, StoreSource } from './interface/store-source.ts';
import { Sweeper } from './interface/sweeper.ts';
import { KeyRing } from './keys/ring.ts';
import { readSecrets, type Secret } from './keys/secret.ts';
import { behind } from './session/dictionary.ts';
import type { RequestSession } from './session/request-session.ts';
import type { Session, SessionData } from './session/types.ts';
import { Budget } from './store/deadline.ts';
import { memoryStore } from './store/memory.ts';
import { warnOnce } from './warn.ts';

/** Options of `createSessions`. All have defaults; wrong ones throw at once and say what to write. */
export interface SessionsOptions<D = SessionData> extends CommonOptions<D> {
  /** Where records live. Default: this process's memory, for development and tests. */
  store?: StoreOption;
  /** `'signed'`: a forged id is refused without asking the store. Needs `secret`. Default `'plain'`. */
  tickets?: 'plain' | 'signed';
  /** At least 32 bytes, used as given; of several the first one writes. Only needed where something is signed. */
  secret?: Secret | readonly Secret[];
  /** With `tickets: 'signed'`: until when bare ids still count. */
  acceptPlainUntil?: Date;
  /** `'lazy'`: nothing is read until `await session.load()`. Default `'eager'`. */
  load?: 'eager' | 'lazy';
  /** How long one request may wait for the store in all. Default `'2s'`. */
  deadline?: Duration;
  /** `'anonymous'`: when the store fails, handlers see an empty session that cannot be written. Default `'fail'`: 503. */
  onStoreError?: 'fail' | 'anonymous';
  /** The most living sessions of one owner, by login or `ownerOf`; the oldest end. Needs a store with owners. Default 100 where there are owners. */
  maxPerOwner?: number;
  /** How often expired records are removed, where the store does not do it itself. `false`: never. Default `'10m'`. */
  sweep?: Duration | false;
}

/** What `createSessions` gives: an interface for the adapters, and what is done to sessions from outside a request. */
export interface Sessions<D = SessionData> extends SessionInterface<Session<D>> {
  /** Connects the store now; without it the first request does. @throws CoatcheckError `OWNERS_UNSUPPORTED`, and what the store says */
  ready(): Promise<void>;
  /** Waits for running commits and closes a store that was opened here, by a function in `store`. */
  close(): Promise<void>;
  /** The living sessions of an owner, the oldest first. @throws CoatcheckError `OWNERS_UNSUPPORTED` */
  listFor(owner: string): Promise<OwnedSession[]>;
  /** Ends one session of an owner by its handle; false where the owner has none of that name. @throws CoatcheckError `OWNERS_UNSUPPORTED` */
  revoke(owner: string, handle: string): Promise<boolean>;
  /** Ends all sessions of an owner, but the one given by itself or its handle; how many. */
  revokeAll(owner: string, options?: { except?: object | string }): Promise<number>;
  /** Deletes every session and record of an owner, in all spaces; how many. @throws CoatcheckError `OWNERS_UNSUPPORTED` */
  forgetOwner(owner: string): Promise<number>;
  /** Records of your own, by name, in a space that no session can be reached from. @throws CoatcheckError `OPTION_INVALID` for the name of a space */
  records<T>(space: string): Records<T>;
  /** `get`, `set` and `delete` by a key of your own, as Quart-Session has them. No session can be reached from it. */
  readonly backend: Backend;
  /** Removes expired records now; how many. @throws what the store says */
  sweep(): Promise<number>;
}

const OPTIONS = [
  'store',
  'tickets',
  'secret',
  'acceptPlainUntil',
  'load',
  'deadline',
  'onStoreError',
  'maxPerOwner',
  'sweep',
];

/** R30: enough for anybody, and an end to a leak. */
const DEFAULT_MAX_PER_OWNER = 100;

/**
 * Server-side sessions: the id is in the cookie, the record in the store.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`, `SECRET_REQUIRED`, `SECRET_WEAK`
 *
 * @example
 * const sessions = createSessions();
 *
 * @example
 * const sessions = createSessions<{ user: string; cart: string[] }>({
 *   store: () => openSqlite({ database: './sessions.db' }),
 *   lifetime: { idle: '30m', absolute: '12h' },
 *   ownerOf: (data) => data.user,
 * });
 *
 * @example
 * app.use(expressSessions(sessions));
 */
export function createSessions<D = SessionData>(options: SessionsOptions<D> = {}): Sessions<D> {
  checkNames(options, OPTIONS);
  const common = readCommon(options);
  const { tickets = 'plain', load = 'eager', onStoreError = 'fail', sweep = '10m', maxPerOwner } = options;
  check(tickets === 'plain' || tickets === 'signed', "tickets must be 'plain' or 'signed'");
  check(load === 'eager' || load === 'lazy', "load must be 'eager' or 'lazy'");
  check(onStoreError === 'fail' || onStoreError === 'anonymous', "onStoreError must be 'fail' or 'anonymous'");
  check(
    maxPerOwner === undefined || (Number.isSafeInteger(maxPerOwner) && maxPerOwner > 0),
    'maxPerOwner must be a whole number above zero',
  );
  check(
    options.acceptPlainUntil === undefined || tickets === 'signed',
    "acceptPlainUntil needs tickets: 'signed'; plain tickets are accepted as they are",
  );
  // Also where nothing is signed: a weak secret is a mistake, wherever it is used next.
  if (options.secret !== undefined) readSecrets(options.secret, 'secret');
  const deadline = durationMs(options.deadline ?? '2s', 'deadline');
  const { clock } = common;
  const settings: ServerSettings = {
    ...common,
    deadline,
    lazy: load === 'lazy',
    anonymousOnStoreError: onStoreError === 'anonymous',
    maxPerOwner: maxPerOwner ?? DEFAULT_MAX_PER_OWNER,
    tickets:
      tickets === 'signed'
        ? signedTickets(new KeyRing(readSecrets(options.secret, 'secret'), 'ticket', common.cookie.name), {
            acceptPlainUntil: options.acceptPlainUntil,
            clock,
          })
        : plainTickets(),
  };
  const source = new StoreSource(options.store === undefined ? defaultStore() : options.store, (store) => {
    if (maxPerOwner !== undefined && !store.capabilities.owners) throw ownersUnsupported();
  });
  const sweeper = new Sweeper(sweep === false ? undefined : durationMs(sweep, 'sweep'), () => clock.now());
  const sessions = new StoredSessions<D>(settings, source, sweeper);
  lendKit(sessions, {
    clock,
    events: common.events,
    documents: common.documents,
    cookie: options.cookie ?? {},
    records: (space) => sessions.records(space),
    revoking: sessions.revoking,
  });
  return sessions;
}

function defaultStore(): StoreOption {
  if (globalThis.process?.env?.NODE_ENV === 'production') {
    warnOnce(
      'COATCHECK_MEMORY_STORE',
      'Sessions live in the memory of this process: they end with it, and other processes do not see them. Give createSessions a store.',
    );
  }
  return memoryStore();
}

class StoredSessions<D> extends ServerInterface<D> implements Sessions<D> {
  readonly #settings: ServerSettings;
  readonly #source: StoreSource;
  readonly #sweeper: Sweeper;
  readonly backend: Backend;
  readonly revoking: Kit['revoking'] = new Set();

  constructor(settings: ServerSettings, source: StoreSource, sweeper: Sweeper) {
    super(settings, source, sweeper);
    this.#settings = settings;
    this.#source = source;
    this.#sweeper = sweeper;
    const { documents, clock, lifetime } = settings;
    this.backend = new Backend({ documents, clock, lifetime, access: () => this.#fresh() });
  }

  async ready(): Promise<void> {
    await this.#source.open();
  }

  async close(): Promise<void> {
    await this.drain();
    this.#sweeper.stop();
    await this.#source.close();
  }

  listFor(owner: string): Promise<OwnedSession[]> {
    return this.#owners().then((owners) => owners.list(owner));
  }

  revoke(owner: string, handle: string): Promise<boolean> {
    return this.#owners().then((owners) => owners.revoke(owner, handle));
  }

  async revokeAll(owner: string, options: { except?: object | string } = {}): Promise<number> {
    const { except } = options;
    const stays = typeof except === 'object' && except !== null ? behind(except) : undefined;
    await this.#tellRevoking(owner, stays);
    const handle = typeof except === 'object' && except !== null ? handleOfSession(except) : except;
    return (await this.#owners()).revokeAll(owner, handle);
  }

  async forgetOwner(owner: string): Promise<number> {
    await this.#tellRevoking(owner, undefined);
    return (await this.#owners()).forget(owner);
  }

  /** What would bring the owner back is worthless before the first session ends, so that none comes in between. */
  async #tellRevoking(owner: string, stays: RequestSession | undefined): Promise<void> {
    for (const tell of this.revoking) await tell(owner, stays);
  }

  records<T>(space: string): Records<T> {
    const { documents, clock } = this.#settings;
    return new Records<T>(space, { documents, clock, access: () => this.#fresh() });
  }

  async sweep(): Promise<number> {
    return this.#sweeper.sweep(await this.#source.open());
  }

  async #owners(): Promise<Owners> {
    const { documents, clock, events } = this.#settings;
    return new Owners(await this.#fresh(), documents, clock, events);
  }

  /** A way to the store with a deadline of its own. */
  async #fresh(): Promise<StoreAccess> {
    const { deadline, events } = this.#settings;
    const access = await reach(this.#source, new Budget(deadline), events);
    this.#sweeper.start(access.store);
    return access;
  }
}

function handleOfSession(face: object): string | undefined {
  const session = behind(face);
  return session === undefined || session.origin.kind === 'none'
    ? undefined
    : session.engine.handle(session.origin.key);
}
