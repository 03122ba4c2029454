import { Tally } from '../tally.ts';

/** What can become of a record; each that was read is counted under exactly one. */
export const FATES = ['copied', 'there', 'expired', 'closed', 'failed'] as const;

export type Fate = (typeof FATES)[number];

/** `there`: the new store has a record under this key, which is kept as it is. */
export const FATE_NAMES: Readonly<Record<Fate, string>> = {
  copied: 'copied',
  there: 'already there',
  expired: 'expired',
  closed: 'closed',
  failed: 'failed',
};

export type Count = 'read' | Fate;

const COUNTS: readonly Count[] = ['read', ...FATES];

/** The row of the entries in lists of owners: no space has such a name, for they have no blanks. */
const INDEX = 'index entries';

/** The counts as they stand in a file. */
export interface CountsText {
  readonly spaces: Record<string, Record<Count, number>>;
  readonly index: Record<Count, number>;
  readonly failures: Record<string, number>;
}

/** What a migration has counted: records by space, and apart from them what stands in lists of owners. */
export class Counts {
  readonly records: Tally<Count>;
  readonly #index: Tally<Count>;
  /** Error codes of what failed. */
  readonly failures: Map<string, number>;

  constructor(text?: CountsText) {
    this.records = new Tally(COUNTS, text?.spaces);
    this.#index = new Tally(COUNTS, text && { [INDEX]: text.index });
    this.failures = new Map(Object.entries(text?.failures ?? {}));
  }

  add(space: string, fate: Fate, owned: boolean): void {
    for (const count of ['read', fate] as const) {
      this.records.add(space, count);
      if (owned) this.#index.add(INDEX, count);
    }
  }

  fail(code: string): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  join(other: Counts): void {
    this.records.join(other.records);
    this.#index.join(other.#index);
    for (const [code, times] of other.failures) this.failures.set(code, (this.failures.get(code) ?? 0) + times);
  }

  get index(): Readonly<Record<Count, number>> {
    return this.#index.row(INDEX);
  }

  toJSON(): CountsText {
    return { spaces: this.records.toJSON(), index: { ...this.index }, failures: Object.fromEntries(this.failures) };
  }
}
