import type { Data } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { own } from '../session/data.ts';
import { REMOVED } from '../session/operations.ts';
import type { RequestSession } from '../session/request-session.ts';
import {
  append,
  listOf,
  MESSAGES_KEY,
  type Message,
  MOST_BYTES,
  messageOf,
  NEXT_KEY,
  nextAfterAppend,
  nextAfterRemove,
  remove,
  shownOf,
  sizeOf,
} from './queue.ts';

/** A message of this request, until it is stored. */
interface Own {
  /** What the request had changed when it was flashed: another object once that was stored or dropped. */
  readonly changes: object;
  /** It was shown by the request itself, and is not to be stored. */
  shown: boolean;
}

/** What one request did with messages. */
interface Seen {
  /** What it has read, once for all its calls. */
  messages: readonly Message[] | undefined;
  readonly own: Set<Own>;
}

const SLOT = Symbol.for('coatcheck.flashed');

/** Bundlers load modules twice; all copies share it. */
const shared = globalThis as { [SLOT]?: WeakMap<RequestSession, Seen> };
shared[SLOT] ??= new WeakMap();
const requests: WeakMap<RequestSession, Seen> = shared[SLOT];

function seenBy(session: RequestSession): Seen {
  const seen = requests.get(session) ?? { messages: undefined, own: new Set() };
  requests.set(session, seen);
  return seen;
}

/** Appends a message. */
export function flashTo(session: RequestSession, message: Message): void {
  const bytes = sizeOf(message);
  if (bytes > MOST_BYTES) {
    throw new CoatcheckError(
      'SESSION_TOO_LARGE',
      `A flash message of ${bytes} bytes is too large: ${MOST_BYTES} are allowed, for all that wait together. Shorten what comes from a visitor.`,
    );
  }
  const { own } = seenBy(session);
  const one: Own = { changes: session.changes, shown: false };
  let pushed = 0;
  // In a replay the operations run key by key, so what becomes of the number depends on the number alone.
  session.update(NEXT_KEY, (next) => (one.shown ? (next ?? REMOVED) : nextAfterAppend(next)));
  session.update(
    MESSAGES_KEY,
    (list) => {
      pushed = 0;
      if (one.shown) return list ?? REMOVED;
      const appended = append(list, message);
      pushed = appended.pushed;
      return appended.items;
    },
    () => {
      own.delete(one);
      for (let lost = 0; lost < pushed; lost++) session.engine.lost(session, undefined, [MESSAGES_KEY]);
    },
  );
  own.add(one);
}

/**
 * The messages that wait for this visitor: read and taken away once a request, the same ones for each call of it. HEAD
 * takes nothing away, since nobody sees its page.
 */
export function messagesOf(session: RequestSession): readonly Message[] {
  const seen = seenBy(session);
  if (seen.messages !== undefined) return seen.messages;
  const data = look(session);
  const items = listOf(data === undefined ? undefined : own(data, MESSAGES_KEY));
  if (data !== undefined && items.length > 0 && session.request?.method !== 'HEAD') {
    take(session, seen, items, own(data, NEXT_KEY));
  }
  seen.messages = items.map(messageOf).filter((message) => message !== undefined);
  return seen.messages;
}

/** Undefined where the store failed: the page that says so must be able to render (R91). */
function look(session: RequestSession): Data | undefined {
  try {
    return session.look();
  } catch (error) {
    if (session.origin.kind === 'failed') return undefined;
    throw error;
  }
}

/** Takes away what is shown: now all there is, and in a replay what was stored before this request, and no more. */
function take(session: RequestSession, seen: Seen, items: readonly unknown[], next: unknown): void {
  let unstored = 0;
  for (const one of seen.own) {
    one.shown = true;
    if (one.changes === session.changes || session.running !== undefined) unstored++;
  }
  const shown = shownOf(items, next, unstored);
  let replayed = false;
  let number: unknown;
  session.update(NEXT_KEY, (current) => {
    number = current;
    if (!replayed || current === undefined) return REMOVED;
    return shown === undefined ? current : (nextAfterRemove(current, shown) ?? REMOVED);
  });
  session.update(MESSAGES_KEY, (current) => {
    const rest = !replayed ? [] : shown === undefined ? listOf(current) : remove(listOf(current), number, shown);
    return rest.length === 0 ? REMOVED : rest;
  });
  replayed = true;
}
