import { handleOf, hashName } from '../../keys/ids.ts';
import type { StoredRecord } from '../../store/contract.ts';
import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { bytesOf, decoded, ownerLabel, SESSIONS, type State, spaceOf, stateOf } from '../facts.ts';
import type { Output } from '../output.ts';
import { keysOf } from '../owned.ts';
import { atDesk, type Desk, type Place, placeOf, STORE_OPTIONS } from '../store.ts';
import { moment, number, size } from '../text.ts';
import { PAGE, pagesOf, readAll } from '../walk.ts';

const LIMIT = 100;
const STATES: readonly (State | 'all')[] = ['living', 'expired', 'closed', 'unreadable', 'all'];

/** One line of the list. */
interface Row {
  readonly handle: string;
  readonly space: string;
  readonly state: State;
  /** ms since 1970 */
  readonly created: number | undefined;
  readonly expires: number;
  readonly owner: string | undefined;
  readonly bytes: number;
}

function rowOf(key: string, record: StoredRecord, now: number): Row {
  const state = stateOf(record, now);
  return {
    handle: handleOf(key),
    space: spaceOf(key),
    state,
    created: state === 'closed' ? undefined : decoded(record)?.meta.created,
    expires: record.expiresAt,
    owner: record.owner && ownerLabel(record.owner.name),
    bytes: bytesOf(record.document),
  };
}

/** Fixed widths, so that a list of any length can be written as it comes. */
const HEAD = ['handle', 'space', 'state', 'created', 'expires', 'owner', 'bytes'];
const WIDTHS = [22, 12, 10, 20, 20, 12, 7];

function lineOf(cells: readonly string[]): string {
  const last = cells.length - 1;
  return cells
    .map((cell, at) => (at === last ? cell.padStart(WIDTHS[at] ?? 0) : cell.padEnd(WIDTHS[at] ?? 0)))
    .join('  ');
}

async function print(out: Output, row: Row): Promise<void> {
  const { handle, space, state, created, expires, owner, bytes } = row;
  if (out.json) {
    const started = created === undefined ? undefined : moment(created);
    await out.object({ handle, space, state, created: started, expires: moment(expires), owner, bytes });
    return;
  }
  const began = created === undefined ? '-' : moment(created);
  await out.line(lineOf([handle, space, state, began, moment(expires), owner ?? '-', size(bytes)]));
}

async function* keyPages(desk: Desk, place: Place, owner: string | undefined): AsyncGenerator<readonly string[]> {
  if (owner === undefined) {
    for await (const { entries } of pagesOf(desk, place)) yield entries.map(({ key }) => key);
    return;
  }
  const keys = await keysOf(desk, owner);
  for (let at = 0; at < keys.length; at += PAGE) yield keys.slice(at, at + PAGE);
}

export const list: Command = {
  name: 'list',
  takes: '',
  words: [0, 0],
  summary: 'lists sessions by their handles, in no order',
  details: [
    'owner is the beginning of the hash of a name: it tells owners apart and is no name. With --json each',
    'session is one line of JSON.',
  ],
  options: {
    ...STORE_OPTIONS,
    owner: { value: 'NAME', help: 'only what belongs to this user' },
    space: { value: 'NAME', help: `${SESSIONS}, the space of some records, or all; default ${SESSIONS}` },
    state: { value: 'WORD', help: `${STATES.join(', ')}; default living` },
    limit: { value: 'N', help: `how many at the most, 0 for all; default ${LIMIT}` },
  },
  async run({ io, out, values }) {
    const place = placeOf(values, io);
    const space = values.text('space') ?? SESSIONS;
    const state = values.word('state', STATES, 'living');
    const limit = values.count('limit', LIMIT, 0, Number.MAX_SAFE_INTEGER) || Number.POSITIVE_INFINITY;
    const name = values.text('owner');
    return atDesk(place, async (desk) => {
      if (!out.json) await out.line(out.bold(lineOf(HEAD)));
      let printed = 0;
      for await (const page of keyPages(desk, place, name && hashName(name))) {
        const keys = page.filter((key) => space === 'all' || spaceOf(key) === space);
        const records = await readAll(desk.access(), keys);
        for (const [at, key] of keys.entries()) {
          const record = records[at];
          if (record === undefined || record instanceof Error) continue;
          const row = rowOf(key, record, io.now());
          if (state !== 'all' && row.state !== state) continue;
          if (printed === limit) {
            out.note(`There are more than ${number(limit)}: --limit 0 lists all.`);
            return EXIT.done;
          }
          await print(out, row);
          printed++;
        }
        if (io.interrupted.aborted) return EXIT.interrupted;
      }
      if (printed === 0) out.note('There is none.');
      return EXIT.done;
    });
  },
};
