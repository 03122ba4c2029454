import { closedDocument, closedNonce } from '../codec/closed.ts';
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
import { amended, Drafts, isExpired, LINGER_MS } from './drafts.ts';
import { linksOf, unlink } from './links.ts';
import { ownerOf } from './owner-name.ts';
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

  /** The session that the visitor showed, if any, is closed with the commit. */
  async adopt(session: RequestSession, id: string): Promise<boolean> {
    const { clock } = this.#settings;
    const access = await this.#access(session);
    const key = keyOf(id);
    const record = await access.read(key);
    if (record === undefined || isExpired(record, clock.now()) || closedNonce(record.document) !== undefined)
      return false;
    const { origin: before } = session;
    session.adopt({ kind: 'record', key, record, decoded: undefined }, id);
    if (session.origin.kind !== 'record') return false;
    session.join(async () => {
      if (before.kind === 'record' && before.key !== key) await this.#close(access, before.key, before.record);
      await this.#cap(access, record.owner);
    });
    return true;
  }

  async end(session: RequestSession, key: string): Promise<void> {
    const access = await this.#access(session);
    const record = await access.read(key);
    if (record !== undefined && closedNonce(record.document) === undefined) await this.#close(access, key, record);
  }

  async unlink(session: RequestSession, linked: readonly string[]): Promise<void> {
    const access = await this.#access(session);
    for (const key of linked) await unlink(access, [key], (await access.read(key))?.owner?.name);
  }

  async #close(access: StoreAccess, key: string, record: StoredRecord): Promise<void> {
    const { owner } = record;
    const { store } = access;
    const until = this.#settings.clock.now() + LINGER_MS;
    await access.insist('put', () => store.put(key, closedDocument(newNonce()), until));
    if (owner !== undefined && store.forget !== undefined)
      // An index may name dead keys.
      await access.attempt('forget', async () => store.forget?.(owner.name, key)).catch(() => undefined);
    await unlink(access, linksOf(this.#settings.documents, record), owner?.name);
    this.#settings.events.emit('destroyed', () => ({ handle: handleOf(key) }));
  }
}
