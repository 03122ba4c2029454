import { isTuple, Tuple } from '../codec/values.ts';

/** Where messages are kept: a list of (category, message), as Flask has it. */
export const MESSAGES_KEY = '_flashes';

/** The number that the next message gets: what tells two messages of one text apart. Flask passes it over. */
export const NEXT_KEY = '_flashes_next';

/** Both keys: what a rotation must name to take the messages along. */
export const FLASH_KEYS: readonly string[] = Object.freeze([MESSAGES_KEY, NEXT_KEY]);

/** R86: as many messages as a page can reasonably show. */
export const MOST_MESSAGES = 20;

/** R86: bytes of UTF-8 of all categories and messages together. */
export const MOST_BYTES = 4096;

export type Message = readonly [category: string, message: string];

/** Stored messages that a page shows, and the number behind the last one; undefined for those of another library. */
export interface Shown {
  readonly items: readonly unknown[];
  readonly end: number | undefined;
}

/** The list under the key, which anybody may have written. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What of a list is stored already, without the last ones; undefined for nothing. */
export function shownOf(items: readonly unknown[], next: unknown, unstored: number): Shown | undefined {
  if (items.length <= unstored) return undefined;
  const number = numberOf(next);
  return {
    items: items.slice(0, items.length - unstored),
    end: number === undefined ? undefined : number - unstored,
  };
}

/**
 * The number after one message more. A new queue starts at a random one: who takes an older queue away late must not
 * meet the numbers of this one.
 */
export function nextAfterAppend(next: unknown): number {
  return (numberOf(next) ?? randomStart()) + 1;
}

/** The number once `shown` is away: none where nothing has come since. */
export function nextAfterRemove(next: unknown, { end }: Shown): number | undefined {
  const number = numberOf(next);
  return number === end ? undefined : number;
}

/** The list with a message more, and how many of the oldest made room for it. */
export function append(items: unknown, message: Message): { items: unknown[]; pushed: number } {
  const all: unknown[] = [...listOf(items), Tuple.from(message)];
  let pushed = 0;
  let bytes = all.reduce<number>((sum, item) => sum + sizeOf(item), 0);
  while (all.length - pushed > MOST_MESSAGES || (bytes > MOST_BYTES && all.length - pushed > 1)) {
    bytes -= sizeOf(all[pushed]);
    pushed++;
  }
  return { items: all.slice(pushed), pushed };
}

/** The list without what a page showed, whatever was appended, shown or pushed out meanwhile. `next`: the number now. */
export function remove(all: readonly unknown[], next: unknown, shown: Shown): readonly unknown[] {
  return all.slice(Math.min(shown.items.length, olderThan(all, numberOf(next), shown)));
}

/** How many messages at the front are not newer than what was shown. */
function olderThan(all: readonly unknown[], next: number | undefined, { items, end }: Shown): number {
  if (end === undefined) return items.every((item, at) => sameText(item, all[at])) ? items.length : 0;
  const newer = next === undefined ? Number.NaN : next - end;
  // Any other difference is that of another queue.
  return newer >= 0 && newer <= all.length ? all.length - newer : 0;
}

function sameText(one: unknown, other: unknown): boolean {
  return messageOf(one)?.join('\0') === messageOf(other)?.join('\0');
}

function numberOf(next: unknown): number | undefined {
  return Number.isSafeInteger(next) ? (next as number) : undefined;
}

/** A stored item as texts; undefined for what is no message. What is HTML to Flask is text here, which views escape. */
export function messageOf(item: unknown): Message | undefined {
  if (!Array.isArray(item) && !isTuple(item)) return undefined;
  const [category, message] = item as unknown[];
  if (typeof category !== 'string') return undefined;
  if (typeof message === 'string') return [category, message];
  const { __html__: html } = (message ?? {}) as { __html__?: unknown };
  if (typeof html === 'function') return [category, String(html.call(message))];
  return typeof message === 'number' || typeof message === 'boolean' ? [category, String(message)] : undefined;
}

/** Bytes of UTF-8. */
export function sizeOf(item: unknown): number {
  const message = messageOf(item);
  return message === undefined ? 0 : encoder.encode(message.join('')).byteLength;
}

const encoder = new TextEncoder();

/** 48 random bits: room for more messages than there will be, and all of it exact in a number. */
function randomStart(): number {
  const [high = 0, low = 0] = globalThis.crypto.getRandomValues(new Uint32Array(2));
  return 1 + (high % 0x10000) * 0x1_0000_0000 + low;
}
