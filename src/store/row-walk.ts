/** Walks in small steps over a list of keys that a back end can only give as a whole. */
export class Walk {
  readonly #list: () => Promise<readonly string[]>;
  /** In order; kept while somebody walks, for each page would ask for it again. */
  #keys: readonly string[] | undefined;

  constructor(list: () => Promise<readonly string[]>) {
    this.#list = list;
  }

  /** The keys after the cursor, at most so many; a cursor is the last key of the page before. */
  async page(
    cursor: string | undefined,
    limit: number,
  ): Promise<{ readonly keys: readonly string[]; readonly cursor: string | undefined }> {
    if (cursor === undefined) this.#keys = undefined;
    // One that was begun elsewhere goes on in a new list: what was there throughout is in that one too.
    this.#keys ??= [...new Set(await this.#list())].sort();
    const all = this.#keys;
    const from = cursor === undefined ? 0 : firstAfter(all, cursor);
    const keys = all.slice(from, from + limit);
    const over = from + limit >= all.length;
    if (over) this.#keys = undefined;
    return { keys, cursor: over ? undefined : keys.at(-1) };
  }
}

function firstAfter(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
