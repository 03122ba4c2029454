import type { Data } from '../codec/contract.ts';
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import type { SessionInterface } from '../interface/contract.ts';
import { type Kit, kitOf } from '../interface/kit.ts';
import type { Records } from '../interface/records.ts';
import { handleOf } from '../keys/ids.ts';
import { checkOptionNames } from '../option-names.ts';
import { currentSession } from '../session/ambient.ts';
import { behind, dictionary } from '../session/dictionary.ts';
import type { SessionEngine } from '../session/engine.ts';
import { RequestSession } from '../session/request-session.ts';
import type { Session, SessionData } from '../session/types.ts';
import { idOf, type LoginUser, type UserId } from './user.ts';

/** Options of `createUserData`. */
export interface UserDataOptions {
  /** What `createSessions` returned. */
  sessions: SessionInterface<never> | object;
  /** How long it is kept after its last use. Default `'90d'`. */
  keep?: Duration;
}

/**
 * The data of a user, like a session: read once a request, stored with the request's commit. Outside a request, or with a
 * session that is none of coatcheck, it is stored by `await data.save()`.
 *
 * @param owner the user, or their id
 * @param session default: the ambient one, if there is one
 * @throws what the store says
 */
export type UserData<D> = (owner: LoginUser | UserId, session?: object) => Promise<Session<D>>;

/** What the store holds. */
interface Kept {
  /** When it was used last, to a tenth of the time that it is kept (ms since 1970). */
  readonly used: number;
  readonly data: Data;
}

/**
 * A dictionary for each user that follows them from device to device, under the rules of a session: no key is lost to an
 * overlap, `update` is exact, nested edits are noticed. `sessions.forgetOwner` deletes it.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN`, `OPTION_INVALID`
 *
 * @example
 * const userData = createUserData<{ cart: string[] }>({ sessions });
 *
 * app.post('/cart', loginRequired, async (req, res) => {
 *   const data = await userData(login.currentUser);
 *   data.update('cart', (cart = []) => [...cart, req.body.item]);
 *   res.redirect('/cart');
 * });
 */
export function createUserData<D = SessionData>(options: UserDataOptions): UserData<D> {
  checkOptionNames(options, {
    names: ['sessions', 'keep'],
    habits: { lifetime: 'Write keep', expiresIn: 'Write keep' },
    example: "createUserData({ sessions, keep: '90d' })",
  });
  const kit = kitOf(options.sessions);
  const { records } = kit;
  if (records === undefined) {
    throw new CoatcheckError('OPTION_INVALID', 'User data needs sessions with a store: what createSessions returns.');
  }
  const shelf: Shelf = { kit, keep: durationMs(options.keep ?? '90d', 'keep'), records: records<Kept>('user-data') };
  const held = new WeakMap<RequestSession, Map<string, Promise<Session<D>>>>();
  return (owner, session = currentSession()) => {
    const name = typeof owner === 'object' ? idOf(owner) : idOf({ id: owner });
    const request = session && behind(session);
    if (request === undefined) return open<D>(shelf, name, undefined);
    const mine = held.get(request) ?? new Map<string, Promise<Session<D>>>();
    held.set(request, mine);
    const opening = mine.get(name) ?? open<D>(shelf, name, request);
    mine.set(name, opening);
    // A failed read is made again by whoever asks next.
    opening.catch(() => mine.delete(name));
    return opening;
  };
}

interface Shelf {
  readonly kit: Kit;
  /** ms */
  readonly keep: number;
  readonly records: Records<Kept>;
}

async function open<D>(shelf: Shelf, owner: string, request: RequestSession | undefined): Promise<Session<D>> {
  const kept = await shelf.records.get(owner);
  const data = new OwnedData(shelf, owner, kept?.data ?? {}, request);
  if (kept !== undefined && shelf.kit.clock.now() - kept.used > shelf.keep / 10) data.used();
  return dictionary<D>(data);
}

/** A session without a cookie: its record is named by its owner, and another session's commit stores it. */
class OwnedData extends RequestSession {
  readonly #shelf: Shelf;
  readonly #kept: { data: Data };
  readonly #owner: string;
  readonly #request: RequestSession | undefined;
  readonly #store = (): Promise<void> => this.store();
  #used = false;

  constructor(shelf: Shelf, owner: string, data: Data, request: RequestSession | undefined) {
    const kept = { data: shelf.kit.documents.copyOf(data) };
    super(engineOf(shelf, kept), originOf(shelf.records.keyOf(owner), data));
    this.#shelf = shelf;
    this.#kept = kept;
    this.#owner = owner;
    this.#request = request;
    // It has no head of its own that could have left; each change is to be heard of.
    this.wire = 'sent';
    this.privateHead = true;
    this.onLate = () => this.#join();
  }

  /** Its time begins anew, with the next commit. */
  used(): void {
    this.#used = true;
    this.#join();
  }

  #join(): void {
    const request = this.#request;
    if (request === undefined || request.participants.some(({ store }) => store === this.#store)) return;
    // Not the session's own: it is stored also where the request logs out.
    request.join(this.#store, false);
  }

  async store(): Promise<void> {
    const { records, keep, kit } = this.#shelf;
    const { copyOf } = kit.documents;
    if (this.ending !== undefined) await this.#end();
    const changes = this.takeChanges();
    if (changes.empty && !this.#used) return;
    this.#used = false;
    const used = kit.clock.now();
    try {
      const stored = await records.update(
        this.#owner,
        // Used and not changed: what was deleted meanwhile stays so.
        (kept) =>
          kept === undefined && changes.empty ? kept : { used, data: changes.replay(kept?.data ?? {}, copyOf) },
        { expiresIn: { ms: keep }, owner: this.#owner },
      );
      const data = stored?.data ?? {};
      const { key, record, decoded } = originOf(records.keyOf(this.#owner), data);
      this.#kept.data = copyOf(data);
      this.committed(key, record, decoded, changes);
    } catch (error) {
      this.giveBack(changes);
      throw error;
    }
  }

  async #end(): Promise<void> {
    const { records } = this.#shelf;
    await records.delete(this.#owner);
    this.ending = undefined;
    this.cookie = 'none';
    this.#kept.data = {};
    this.origin = originOf(records.keyOf(this.#owner), {});
  }
}

function originOf(key: string, data: Data) {
  const decoded = { data, meta: { created: 0, commits: 0, nonces: [] } };
  return {
    kind: 'record' as const,
    key,
    record: { document: '', version: 0, expiresAt: Number.MAX_SAFE_INTEGER },
    decoded,
  };
}

function engineOf({ kit }: Shelf, kept: { readonly data: Data }): SessionEngine {
  const { documents, events } = kit;
  const { limits, textOf, heldText, copyOf } = documents;
  const store = (session: object): Promise<void> => (session as OwnedData).store();
  return {
    limits,
    textOf,
    heldText,
    copyOf,
    decode: () => undefined,
    load: () => Promise.resolve(),
    save: store,
    reload: () =>
      Promise.reject(new CoatcheckError('USAGE', 'User data is read once a request. Ask userData again in the next.')),
    storedData: () => copyOf(kept.data),
    handle: handleOf,
    endAbandoned: () => undefined,
    lost: (session, error) => events.emit('lost', () => ({ error }), session),
    standing: () => 'nobody',
  };
}
