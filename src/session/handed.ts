import type { Data } from '../codec/contract.ts';
import { isMutable, own } from './data.ts';

/** Most requests hold no object, and then there is nothing to allocate. Never written to. */
const NONE: Map<string, Entry> = new Map();

/** Values as text, for comparison. */
export type TextOf = (value: unknown) => string;

interface Entry {
  readonly value: object;
  /** The value's text when it was stored or read; undefined: as the stored record has it. */
  text: string | undefined;
  /** What was handed out under the key before a newer record took its place. */
  readonly older: Entry | undefined;
}

/**
 * The objects a handler holds. They are plain objects in its hands, so that nested edits are noticed by comparing
 * texts at the commit, not by deep proxies.
 */
export class Handed {
  #newest = NONE;

  get size(): number {
    return this.#newest.size;
  }

  /** Whether edits of this very object are noticed as edits of the key. */
  holds(key: string, value: object): boolean {
    let entry = this.#newest.get(key);
    while (entry !== undefined && entry.value !== value) entry = entry.older;
    return entry !== undefined;
  }

  /** Remembers a value before a handler gets it. */
  give(key: string, value: object, textOf: TextOf): void {
    if (!this.holds(key, value)) this.#remember(key, value, safeText(textOf, value));
  }

  /** Remembers a value that was just stored under `key`. */
  stored(key: string, value: object): void {
    if (!this.holds(key, value)) this.#remember(key, value, undefined);
  }

  #remember(key: string, value: object, text: string | undefined): void {
    if (this.#newest === NONE) this.#newest = new Map();
    this.#newest.set(key, { value, text, older: this.#newest.get(key) });
  }

  /** The handler replaced or removed the key: what it held before belongs to nobody now. */
  drop(key: string): void {
    this.#newest.delete(key);
  }

  clear(): void {
    this.#newest.clear();
  }

  /**
   * The objects edited since they were read or stored, of several under one key the newest. `stored` gives the data as
   * the record had it. What has no text any more was edited, and storing it will say what is wrong with it.
   *
   * @param among only of this key
   * @param live what was just stored itself, and is compared when its record is
   */
  edited(textOf: TextOf, stored: () => Data, among?: string, live?: Data): [key: string, value: object][] {
    const edited: [string, object][] = [];
    for (const [key, newest] of this.#newest) {
      if (among !== undefined && key !== among) continue;
      for (let entry: Entry | undefined = newest; entry !== undefined; entry = entry.older) {
        if (live !== undefined && own(live, key) === entry.value) continue;
        entry.text ??= textOf(own(stored(), key));
        if (safeText(textOf, entry.value) === entry.text) continue;
        edited.push([key, entry.value]);
        break;
      }
    }
    return edited;
  }

  /**
   * After a commit: what was stored itself now stands as the record has it. An object that says the same as its newer
   * version takes that one's place in `view`, so that the handler goes on holding the session's own; one that was
   * overtaken stays as it is, and only an edit of it is a change.
   */
  settle(stored: Data, view: Data, textOf: TextOf): void {
    for (const [key, newest] of this.#newest) {
      for (let entry: Entry | undefined = newest; entry !== undefined; entry = entry.older) {
        const { value } = entry;
        if (own(stored, key) === value) {
          entry.text = undefined;
          continue;
        }
        const newer = own(view, key);
        if (newer === value) continue;
        entry.text = safeText(textOf, value);
        if (view !== stored && isMutable(newer) && textOf(newer) === entry.text) view[key] = value;
      }
    }
  }
}

function safeText(textOf: TextOf, value: unknown): string | undefined {
  try {
    return textOf(value);
  } catch {
    return undefined;
  }
}
