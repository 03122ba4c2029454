/** Numbers by space and by what became of it, in the order in which they were first counted. */
export class Tally<C extends string> {
  readonly #columns: readonly C[];
  readonly #rows: Map<string, Record<C, number>>;

  constructor(columns: readonly C[], rows: Readonly<Record<string, Record<C, number>>> = {}) {
    this.#columns = columns;
    this.#rows = new Map(Object.entries(rows).map(([space, row]) => [space, { ...row }]));
  }

  add(space: string, column: C, count = 1): void {
    const row = this.#rows.get(space) ?? this.#zero();
    row[column] += count;
    this.#rows.set(space, row);
  }

  row(space: string): Readonly<Record<C, number>> {
    return this.#rows.get(space) ?? this.#zero();
  }

  /** All spaces together. */
  total(): Readonly<Record<C, number>> {
    const sum = this.#zero();
    for (const row of this.#rows.values()) for (const column of this.#columns) sum[column] += row[column];
    return sum;
  }

  /** Another tally of the same columns, whose numbers come on top. */
  join(other: Tally<C>): void {
    for (const [space, row] of other.#rows) for (const column of this.#columns) this.add(space, column, row[column]);
  }

  /** Sessions first, then the spaces by name. */
  toJSON(): Record<string, Record<C, number>> {
    const order = ([a]: [string, unknown], [b]: [string, unknown]): number =>
      Number(b === 'sessions') - Number(a === 'sessions') || (a < b ? -1 : 1);
    return Object.fromEntries([...this.#rows].sort(order));
  }

  #zero(): Record<C, number> {
    return Object.fromEntries(this.#columns.map((column) => [column, 0])) as Record<C, number>;
  }
}
