import { closedNonce } from '../codec/closed.ts';
import type { Meta } from '../codec/contract.ts';
import { handleOf, keyOf } from '../keys/ids.ts';
import { newNonce } from '../keys/nonce.ts';
import { Changes, type MetaPatch } from '../session/changes.ts';
import type { Fostering } from '../session/engine.ts';
import type { RequestSession } from '../session/request-session.ts';
import type { Newborn } from '../session/request-state.ts';
import type { Owner, StoredRecord } from '../store/contract.ts';
import type { StoreAccess } from './access.ts';
import { bear } from './birth.ts';
import { amended, Drafts, isExpired } from './drafts.ts';
import { unlink } from './links.ts';
import { ownerOf } from './owner-name.ts';
import { Owners } from './owners.ts';
import type { ServerSettings } from './settings.ts';

type Access = (session: RequestSession) => StoreAccess | Promise<StoreAccess>;
type Cap = (access: StoreAccess, owner: Owner | undefined) => Promise<void>;

/** What is done for a visitor who comes back without a session, and for whom another request may be doing the same. */
export class Adoption implements Fostering {
  readonly #settings: ServerSettings;
  readonly #access: Access;
  readonly #cap: Cap;

  constructor(settings: ServerSettings, access: Access, cap: Cap) {
    this.#settings = settings;
    this.#access = access;
    this.#cap = cap;
  }

  async bear(session: RequestSession, patch: MetaPatch): Promise<Newborn> {
    const access = await this.#access(session);
    const { clock, documents, events } = this.#settings;
    const now = clock.now();
    const nonce = newNonce();
    const blank: Meta = { created: now, commits: 0, nonces: [] };
    const draft = new Drafts(this.#settings, new Changes(), nonce, now, session.place).of({}, amended(blank, patch));
    const { id, key, record } = await bear(access, documents, draft, nonce, ownerOf(draft.decoded, this.#settings));
    events.emit('created', () => ({ handle: handleOf(key) }), session);
    return { id, key, owner: record.owner?.name };
  }

  async discard(session: RequestSession, { key, owner }: Newborn): Promise<void> {
    const access = await this.#access(session);
    await access.attempt('destroy', () => access.store.destroy(key, owner)).catch(() => undefined);
  }

  async lives(session: RequestSession): Promise<boolean> {
    const { origin } = session;
    return origin.kind === 'record' && (await this.#living(await this.#access(session), origin.key)) !== undefined;
  }

  async supersede(session: RequestSession, key: string): Promise<void> {
    const access = await this.#access(session);
    const record = await this.#living(access, key);
    if (record !== undefined) await this.#close(access, key, record);
  }

  async endLinked(session: RequestSession, link: string, known?: string): Promise<void> {
    const access = await this.#access(session);
    const record = await access.read(link);
    if (record === undefined && known === undefined) return;
    const owner = record?.owner?.name;
    const { documents, clock, events } = this.#settings;
    const endAll = async (): Promise<void> => {
      if (owner !== undefined) await new Owners(access, documents, clock, events).endLinked(owner, [link]);
      if (known !== undefined) await this.supersede(session, known);
    };
    // While there is one that could not be ended, the record is there for whoever tries again.
    await endAll();
    await unlink(access, [link], owner);
    // One that was made meanwhile.
    await endAll();
  }

  /** The session that the visitor showed, if any, is closed with the commit. */
  async adopt(session: RequestSession, id: string): Promise<boolean> {
    const { origin: before } = session;
    const access = await this.#access(session);
    const key = keyOf(id);
    const record = await this.#living(access, key);
    if (record === undefined || session.origin !== before) return false;
    session.adopt({ kind: 'record', key, record, decoded: undefined }, id);
    if (session.origin.kind !== 'record') return false;
    session.join(async () => {
      if (before.kind === 'record' && before.key !== key) await this.supersede(session, before.key);
      await this.#cap(access, record.owner);
    });
    return true;
  }

  /** The record of a session that has neither ended nor moved. */
  async #living(access: StoreAccess, key: string): Promise<StoredRecord | undefined> {
    const record = await access.read(key);
    const over = record === undefined || isExpired(record, this.#settings.clock.now());
    return over || closedNonce(record.document) !== undefined ? undefined : record;
  }

  async #close(access: StoreAccess, key: string, { owner }: StoredRecord): Promise<void> {
    const { documents, clock, events } = this.#settings;
    await new Owners(access, documents, clock, events).close(key, owner?.name);
  }
}
