import type { Data, DecodedRecord, Meta } from '../codec/contract.ts';
import type { Untouched } from '../codec/untouched.ts';
import type { Changes, MetaPatch } from '../session/changes.ts';
import { own } from '../session/data.ts';
import type { StoredRecord } from '../store/contract.ts';
import { boundTo } from './binding.ts';
import type { Draft, Facts } from './compare-and-set.ts';
import { nextMeta } from './documents.ts';
import { identityOf } from './identity.ts';
import type { CommonSettings } from './settings.ts';

type DraftSettings = Pick<CommonSettings, 'documents' | 'lifetime' | 'identityKeys'>;

/** How long an emptied record, and a closed one, stay for the requests under way (ms). */
export const LINGER_MS = 60_000;

/** What a commit writes: the changes of one request over some record, as documents. */
export class Drafts {
  readonly #settings: DraftSettings;
  readonly #changes: Changes;
  readonly #nonce: string;
  readonly #now: number;
  readonly #place: string | undefined;
  #moves = false;

  /** @param place what a record is bound to from now on that is bound to nothing yet */
  constructor(settings: DraftSettings, changes: Changes, nonce: string, now: number, place: string | undefined) {
    this.#settings = settings;
    this.#changes = changes;
    this.#nonce = nonce;
    this.#now = now;
    this.#place = place;
  }

  /** All drafts from now on are for a record under a new key. */
  move(): void {
    this.#moves = true;
  }

  /**
   * A record that says exactly `data`.
   *
   * @param untouched what of the data is as it was read
   */
  of(data: Data, meta: Meta, untouched?: Untouched): Draft {
    const { documents, lifetime } = this.#settings;
    const { permanent, meta: patch } = this.#changes;
    const bound = boundTo(meta, this.#place);
    const named = patch === undefined ? bound : amended(bound, patch);
    const settled = permanent === undefined ? named : { ...named, permanent };
    const facts = this.facts({ data, meta: settled });
    const next: Meta = nextMeta(this.#moves ? { ...settled, since: this.#now } : settled, this.#nonce);
    const decoded: DecodedRecord = { data, meta: next };
    const life = lifetime.deadline(next, this.#now);
    // Emptied is not logged out: for a minute a request under way may still fill the record again.
    const expiresAt = facts.empty ? Math.min(life, this.#now + LINGER_MS) : life;
    return { document: documents.encode(decoded, untouched), expiresAt, decoded, facts };
  }

  /** What a record says of its session, read off before a handler can change the objects in it. */
  facts(record: DecodedRecord): Facts {
    return { identity: identityOf(record.data, this.#settings.identityKeys), empty: isEmpty(record) };
  }

  /** The draft for a record under a new key, and so are all that follow. */
  moved(draft: Draft): Draft {
    this.#moves = true;
    const decoded = { data: draft.decoded.data, meta: { ...draft.decoded.meta, since: this.#now } };
    return { ...draft, document: this.#settings.documents.encode(decoded), decoded };
  }

  /** The changes over another record, and which of that record's own news they write over. */
  over(current: DecodedRecord, base: Data): Draft {
    const { copyOf, textOf } = this.#settings.documents;
    const data = this.#changes.replay(current.data, copyOf);
    const news = changedKeys(base, current.data, textOf);
    const overwritten = this.#changes
      .overwrites(news)
      .filter((key) => textOf(own(data, key)) !== textOf(own(current.data, key)));
    return { ...this.of(data, current.meta), overwritten, refilled: isEmpty(current) };
  }

  /** The closed record's life, and the emptied one's. */
  get lingerUntil(): number {
    return this.#now + LINGER_MS;
  }
}

/** When the record began under its key: a session that moved keeps its creation, and has been its owner's only since. */
export function sinceOf({ created, since }: Meta): number {
  return typeof since === 'number' ? since : created;
}

/** Meta with other things said in it; what is undefined in the patch is said no more. */
export function amended(meta: Meta, patch: MetaPatch): Meta {
  const said: Record<string, unknown> = { ...meta, ...patch };
  for (const [member, value] of Object.entries(patch)) if (value === undefined) delete said[member];
  return said as unknown as Meta;
}

/** No data, and nobody logged in or about to. */
export function isEmpty(record: DecodedRecord): boolean {
  if (record.meta.authenticated !== undefined || record.meta.pending !== undefined) return false;
  for (const key in record.data) if (Object.hasOwn(record.data, key)) return false;
  return true;
}

function changedKeys(before: Data, after: Data, textOf: (value: unknown) => string): Set<string> {
  const changed = new Set<string>();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (textOf(own(before, key)) !== textOf(own(after, key))) changed.add(key);
  }
  return changed;
}

/** Whether nothing may be written over the record any more. */
export function isExpired(record: StoredRecord, now: number): boolean {
  return record.expiresAt <= now;
}
