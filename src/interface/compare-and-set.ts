import { closedNonce } from '../codec/closed.ts';
import type { DecodedRecord } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import type { Document, StoredRecord, Updated, Version } from '../store/contract.ts';
import { type Failed, inDoubt, type StoreAccess } from './access.ts';
import { type Documents, NONCES_KEPT } from './documents.ts';

/** What a draft says about its session, read off before others can change the objects in it. */
export interface Facts {
  readonly identity: string | undefined;
  readonly empty: boolean;
}

/** A record to be written over another. */
export interface Draft {
  readonly facts: Facts;
  readonly document: Document;
  readonly expiresAt: number;
  /** What the document says. */
  readonly decoded: DecodedRecord;
  /** Keys that others changed meanwhile and this draft writes over. */
  readonly overwritten?: readonly string[];
  /** The record it is written over holds nothing, so its cookie was taken away. */
  readonly refilled?: boolean;
}

/** A record that is stored, and what it says. */
export interface Landed {
  readonly facts: Facts;
  readonly record: StoredRecord;
  readonly decoded: DecodedRecord;
  readonly overwritten?: readonly string[] | undefined;
  readonly refilled?: boolean | undefined;
}

/** What one commit does to one record, whatever others do to it meanwhile. */
export interface Replayable {
  readonly key: string;
  /** What the commit believes to stand there. */
  readonly base: StoredRecord;
  /** Left in the record, so that an attempt whose answer was lost can be recognised. */
  readonly nonce: string;
  /** The same intention over a newer record. */
  draft(current: StoredRecord, decoded: DecodedRecord): Draft;
  /** The draft over the base, made without decoding it again. */
  readonly first: Draft;
  /** What a record says that another process may have written. */
  facts(decoded: DecodedRecord): Facts;
  /** Another commit came first. */
  conflicted(): void;
  /** Whether a record has outlived its use, so that nothing may be written over it any more. */
  expired(record: StoredRecord): boolean;
}

/** Ended or rotated away meanwhile. `unsure`: an unanswered attempt may have been stored before. */
export interface Gone {
  readonly gone: true;
  readonly unsure: boolean;
}

/**
 * Writes over exactly the version that the draft was made from, and makes it again over whatever came first, until it
 * is stored, the record is gone, or the deadline ends the matter.
 *
 * An attempt that was not answered is made again. If it had been stored after all, the retry meets a newer version with
 * our own nonce in it: that is success. A missing nonce proves the contrary only while the record still remembers the
 * commit that it would have been; beyond that nothing is replayed, for it might count twice.
 *
 * @param failed hears `SESSION_CONFLICT`, `STORE_DOWN`, `STORE_FAILED`, `STORE_TIMEOUT`, and what the draft throws
 */
export function writeOver(
  access: StoreAccess,
  documents: Documents,
  task: Replayable,
  ended: (end: Landed | Gone) => void,
  failed: (error: unknown) => void,
): void {
  const { key, base, first } = task;
  const onward = (tried: Tried): void => {
    goOn(access, documents, task, tried).then(ended).catch(failed);
  };
  // Nearly always the first attempt is the last. Callbacks: with AsyncLocalStorage every promise counts twice.
  access.try(
    'update',
    () => access.store.update(key, base.version, first.document, first.expiresAt),
    (answer) => {
      if (answer.result === 'ok') ended(landed(first, base, answer.version));
      else onward({ answer });
    },
    onward,
    failed,
  );
}

/** The same as a promise. */
export function compareAndSet(access: StoreAccess, documents: Documents, task: Replayable): Promise<Landed | Gone> {
  return new Promise((resolve, reject) => writeOver(access, documents, task, resolve, reject));
}

type Tried = { readonly answer: Updated } | Failed;

function landed(draft: Draft, current: StoredRecord, version: Version): Landed {
  const { document, expiresAt, decoded, facts, overwritten, refilled } = draft;
  return { record: { document, version, expiresAt, owner: current.owner }, decoded, facts, overwritten, refilled };
}

/** Goes on from the first attempt. */
async function goOn(access: StoreAccess, documents: Documents, task: Replayable, first: Tried): Promise<Landed | Gone> {
  let current = task.base;
  let draft = task.first;
  /** The commit count that the earliest unanswered attempt would have left. */
  let unanswered: number | undefined;
  try {
    for (let round = 0; ; round++) {
      const tried = round === 0 ? first : await again(access, task.key, current, draft);
      if ('failed' in tried) {
        if (tried.failed.outcome !== 'none') unanswered ??= draft.decoded.meta.commits;
        await access.pause(round, tried.failed);
        continue;
      }
      const { answer } = tried;
      const gone = { gone: true, unsure: unanswered !== undefined } as const;
      if (answer.result === 'gone') return gone;
      if (answer.result === 'ok') return landed(draft, current, answer.version);
      const newer = answer.current ?? (await access.read(task.key));
      if (newer === undefined || closedNonce(newer.document) !== undefined || task.expired(newer)) return gone;
      const decoded = documents.readable(newer);
      if (decoded === undefined) return gone;
      // Also where every attempt was answered: a driver may have sent one twice and told the second answer.
      if (decoded.meta.nonces.includes(task.nonce)) return { record: newer, decoded, facts: task.facts(decoded) };
      if (unanswered !== undefined && decoded.meta.commits - unanswered >= NONCES_KEPT) throw conflict('unknown');
      // It was not stored, and at a version that is over it never will be.
      unanswered = undefined;
      task.conflicted();
      draft = task.draft(newer, decoded);
      current = newer;
      if (round > 0) await access.pause(round, conflict('none'));
    }
  } catch (error) {
    throw unanswered === undefined ? error : inDoubt(error);
  }
}

function again(access: StoreAccess, key: string, { version }: StoredRecord, draft: Draft): Promise<Tried> {
  const { document, expiresAt } = draft;
  return access.attempt('update', () => access.store.update(key, version, document, expiresAt));
}

/** The deadline came before a quiet moment. */
export function conflict(outcome: 'none' | 'unknown'): CoatcheckError {
  return new CoatcheckError(
    'SESSION_CONFLICT',
    'Other requests kept changing this session until the deadline. Send the request again.',
    { outcome },
  );
}
