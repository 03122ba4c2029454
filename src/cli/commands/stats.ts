import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { bytesOf, SESSIONS, type State, spaceOf, stateOf } from '../facts.ts';
import { atDesk, type Desk, placeOf, STORE_OPTIONS, shown } from '../store.ts';
import { Tally } from '../tally.ts';
import { number, size } from '../text.ts';
import { countOf, type Entry, pagesOf, readAll } from '../walk.ts';

const STATES: readonly State[] = ['living', 'expired', 'closed', 'unreadable'];
const COLUMNS = ['records', ...STATES, 'bytes'] as const;
type Column = (typeof COLUMNS)[number];

const HOUR = 3_600_000;
const ENDS: readonly (readonly [string, number])[] = [
  ['1 h', HOUR],
  ['24 h', 24 * HOUR],
  ['7 d', 168 * HOUR],
  ['31 d', 744 * HOUR],
  ['later', Number.POSITIVE_INFINITY],
];

/** What a walk over everything found. */
class Findings {
  readonly tally: Tally<Column> = new Tally(COLUMNS);
  readonly owners = new Set<string>();
  /** Records that an owner's list names. */
  listed = 0;
  /** Living records by when they end. */
  readonly ends: number[] = ENDS.map(() => 0);
  largest = 0;

  async add(desk: Desk, entries: readonly Entry[], now: number): Promise<void> {
    const records = await readAll(
      desk.access(),
      entries.map(({ key }) => key),
    );
    for (const [at, { key, owner }] of entries.entries()) {
      const record = records[at];
      // It went between the two looks.
      if (record === undefined) continue;
      const space = spaceOf(key);
      const state = record instanceof Error ? 'unreadable' : stateOf(record, now);
      this.tally.add(space, 'records');
      this.tally.add(space, state);
      if (owner !== undefined) {
        this.owners.add(owner);
        this.listed++;
      }
      if (record instanceof Error) continue;
      const bytes = bytesOf(record.document);
      this.tally.add(space, 'bytes', bytes);
      this.largest = Math.max(this.largest, bytes);
      if (state === 'living') this.#ending(record.expiresAt - now);
    }
  }

  #ending(ms: number): void {
    const at = ENDS.findIndex(([, within]) => ms <= within);
    this.ends[at] = (this.ends[at] ?? 0) + 1;
  }
}

export const stats: Command = {
  name: 'stats',
  takes: '',
  words: [0, 0],
  summary: 'counts what is in a store: sessions, the records of each space, owners',
  details: [
    'Every record is read once. Closed are sessions that were logged out, or got another id, a minute ago',
    'or less; unreadable what is sealed, or what a codec of your own, a later version or somebody else wrote.',
  ],
  options: STORE_OPTIONS,
  async run({ io, out, values }) {
    const place = placeOf(values, io);
    return atDesk(place, async (desk) => {
      const total = out.shown ? await countOf(desk, place, () => true, io.interrupted) : undefined;
      const progress = out.progress('reading', total);
      const found = new Findings();
      const now = io.now();
      for await (const { entries } of pagesOf(desk, place)) {
        if (io.interrupted.aborted) break;
        await found.add(desk, entries, now);
        progress.at(found.tally.total().records);
      }
      progress.end();
      if (io.interrupted.aborted) return EXIT.interrupted;
      const { tally, owners, listed, ends, largest } = found;
      if (out.json) {
        const within = Object.fromEntries(ENDS.map(([name], at) => [name, ends[at]]));
        await out.object({
          store: shown(place),
          spaces: { [SESSIONS]: tally.row(SESSIONS), ...tally.toJSON() },
          total: tally.total(),
          index: { entries: listed, owners: owners.size },
          livingEndsWithin: within,
          largestBytes: largest,
        });
        return EXIT.done;
      }
      const row = (name: string, counts: Readonly<Record<Column, number>>): string[] => [
        name,
        ...COLUMNS.map((column) => (column === 'bytes' ? size(counts.bytes) : number(counts[column]))),
      ];
      const spaces = Object.entries({ [SESSIONS]: tally.row(SESSIONS), ...tally.toJSON() });
      await out.line(shown(place));
      await out.line();
      await out.table([
        ['', ...COLUMNS],
        ...spaces.map(([name, counts]) => row(name, counts)),
        ...(spaces.length > 1 ? [row('total', tally.total())] : []),
      ]);
      await out.line();
      await out.table([
        ['index', 'entries', 'owners'],
        ['', number(listed), number(owners.size)],
      ]);
      await out.line();
      await out.table([
        ['living, and end within', ...ENDS.map(([name]) => name)],
        ['', ...ends.map(number)],
      ]);
      await out.line();
      await out.line(`largest document: ${size(largest)}`);
      return EXIT.done;
    });
  },
};
