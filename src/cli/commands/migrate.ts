import { existsSync } from 'node:fs';
import { ownersUnsupported } from '../../interface/owners.ts';
import { memoryStore } from '../../store/memory.ts';
import type { Call, Command } from '../command.ts';
import { EXIT, type ExitCode, usage } from '../exit.ts';
import { SESSIONS } from '../facts.ts';
import { copy, load } from '../migrate/copy.ts';
import { type Count, Counts, FATE_NAMES, FATES } from '../migrate/counts.ts';
import { type Progressed, StateFile } from '../migrate/state.ts';
import type { Output } from '../output.ts';
import {
  atDesk,
  atNewDesk,
  Desk,
  identityOf,
  inUrl,
  isMissing,
  type Place,
  scanUnsupported,
  shown,
  sideOf,
} from '../store.ts';
import { number, several, span } from '../text.ts';
import type { OptionHelps } from '../values.ts';
import { countOf, PAGE } from '../walk.ts';

/** How many records are written at the same time: enough for a network, few enough for a pool of ten connections. */
const PARALLEL = 64;

const SIDE_OPTIONS: OptionHelps = Object.fromEntries(
  (['from', 'to'] as const).flatMap((side) => {
    const whose = side === 'from' ? 'the old store' : 'the new store';
    return [
      [side, { value: 'URL', help: `${whose}; env:NAME for the URL in a variable` }],
      [`${side}-prefix`, { value: 'TEXT', help: `in front of every key of ${whose}, for Redis and memcached` }],
      [`${side}-table`, { value: 'NAME', help: `the table of ${whose}, for SQLite, PostgreSQL and MySQL` }],
      [`${side}-schema`, { value: 'NAME', help: `the schema of that table, for PostgreSQL` }],
    ] as const;
  }),
);

export const migrate: Command = {
  name: 'migrate',
  takes: '',
  words: [0, 0],
  summary: 'copies sessions, records and lists of owners from one store to another',
  details: [
    'Nobody is logged out: tickets lead to the new store as to the old one. What is there already is kept, and the old',
    'store is not changed. A run that was stopped or killed goes on where it was when the same command is given again.',
    'A session that is written to the old store after it was copied is not copied again.',
  ],
  options: {
    ...SIDE_OPTIONS,
    'dry-run': { help: 'count what would be done; no record is written' },
    state: { value: 'FILE', help: 'where is noted how far it is; default coatcheck-migrate-*.json, here' },
    restart: { help: 'begin anew, whatever was noted' },
    batch: { value: 'N', help: `how many records are looked at between two notes; default ${PAGE}` },
    parallel: { value: 'N', help: `how many records are written at the same time; default ${PARALLEL}` },
    'drop-owners': { help: 'copy to a store without lists of owners: listFor and revoke will not find them' },
  },
  async run(call) {
    const { values } = call;
    const from = sideOf(values, call.io, 'from');
    const to = sideOf(values, call.io, 'to');
    if (identityOf(from) === identityOf(to)) throw usage('--from and --to name the same store');
    const dryRun = values.on('dry-run');
    if (dryRun && 'createTable' in inUrl(to.url).options)
      throw usage('A dry run makes no table: leave createTable out of --to');
    const state = new StateFile(from, to, values.text('state'));
    const parallel = values.count('parallel', PARALLEL, 1, 1000);
    const batch = values.count('batch', PAGE, 1, 10_000);
    const noted = dryRun || values.on('restart') ? undefined : state.read();
    return atDesk(from, async (old) => {
      if (old.store.scan === undefined) throw scanUnsupported(from);
      const migration = new Migration(call, { from, to, old, state, dryRun, parallel, batch });
      if (!isMissing(to)) return atDesk(to, (fresh) => migration.into(fresh, noted));
      return dryRun
        ? migration.into(Desk.over(memoryStore()), noted)
        : atNewDesk(to, (fresh) => migration.into(fresh, noted));
    });
  },
};

interface Plan {
  readonly from: Place;
  readonly to: Place;
  readonly old: Desk;
  readonly state: StateFile;
  readonly dryRun: boolean;
  readonly parallel: number;
  readonly batch: number;
}

class Migration {
  readonly #call: Call;
  readonly #plan: Plan;

  constructor(call: Call, plan: Plan) {
    this.#call = call;
    this.#plan = plan;
  }

  async into(fresh: Desk, noted: Progressed | undefined): Promise<ExitCode> {
    const { out, io, values } = this.#call;
    const { from, old, state, dryRun } = this.#plan;
    if (!fresh.store.capabilities.owners && !values.on('drop-owners')) throw ownersUnsupported();
    const counts = noted?.counts ?? new Counts();
    const already = counts.records.total().read;
    if (noted !== undefined) out.note(`Going on behind ${several(already, 'record')}, as noted in ${state.path}`);
    const counted = out.shown ? await countOf(old, from, () => true, io.interrupted) : undefined;
    const total = noted?.total ?? counted;
    const began = io.now();
    let done: boolean;
    try {
      done = await this.#walk(fresh, { cursor: noted?.cursor, counts, total }, already);
    } catch (error) {
      if (!dryRun && existsSync(state.path))
        out.note(`It is noted in ${state.path} how far it went: the same command goes on from there.`);
      throw error;
    }
    if (done && !dryRun) state.remove();
    await report(out, this.#plan, counts, { done, ms: io.now() - began, already });
    if (!done) return EXIT.interrupted;
    return counts.records.total().failed > 0 ? EXIT.failed : EXIT.done;
  }

  /** Whether it came to the end. While a page is written, the next one is read. */
  async #walk(fresh: Desk, { cursor, counts, total }: Progressed, already: number): Promise<boolean> {
    const { io, out } = this.#call;
    const { old, state, dryRun, parallel, batch } = this.#plan;
    const progress = out.progress(dryRun ? 'looking' : 'copying', total, already);
    const next = async (at: string | undefined) => {
      const { store } = old;
      const page = await old.access().insist('scan', async () => store.scan?.(at, batch));
      const now = io.now();
      return { now, cursor: page?.cursor, loads: await load(old, page?.entries ?? [], now) };
    };
    try {
      let coming: ReturnType<typeof next> | undefined = next(cursor);
      while (coming !== undefined) {
        const page: Awaited<typeof coming> = await coming;
        coming = page.cursor === undefined ? undefined : next(page.cursor);
        // It is heard when its turn comes.
        coming?.catch(() => undefined);
        const options = { parallel, dryRun, dropOwners: !fresh.store.capabilities.owners, now: page.now };
        counts.join(await copy(fresh, page.loads, options));
        if (page.cursor !== undefined && !dryRun) state.write(page.cursor, { counts, total });
        progress.at(counts.records.total().read);
        if (io.interrupted.aborted && coming !== undefined) {
          await coming.catch(() => undefined);
          return false;
        }
      }
      return true;
    } finally {
      progress.end();
    }
  }
}

interface Run {
  readonly done: boolean;
  readonly ms: number;
  /** What earlier runs had read. */
  readonly already: number;
}

async function report(out: Output, { from, to, state, dryRun }: Plan, counts: Counts, run: Run): Promise<void> {
  const { spaces, index, failures } = counts.toJSON();
  const rows = { [SESSIONS]: counts.records.row(SESSIONS), ...spaces };
  const total = counts.records.total();
  const rate = Math.round(((total.read - run.already) * 1000) / Math.max(1, run.ms));
  if (out.json) {
    const { done, ms, already } = run;
    await out.object({
      from: shown(from),
      to: shown(to),
      dryRun,
      done,
      spaces: rows,
      total,
      index,
      failures,
      already,
      ms,
      rate,
    });
    return;
  }
  const line = (name: string, row: Readonly<Record<Count, number>>): string[] => [
    name,
    number(row.read),
    ...FATES.map((fate) => number(row[fate])),
  ];
  await out.line(`${shown(from)} -> ${shown(to)}${dryRun ? ' (dry run: nothing was written)' : ''}`);
  await out.line();
  await out.table([
    ['', 'read', ...FATES.map((fate) => FATE_NAMES[fate])],
    ...Object.entries(rows).map(([space, row]) => line(space, row)),
    line('all records', total),
    line('index entries', index),
  ]);
  await out.line();
  for (const [code, times] of Object.entries(failures)) await out.line(`failed with ${code}: ${number(times)}`);
  const read = total.read - run.already;
  await out.line(`${several(read, 'record')} in ${span(run.ms)}, ${number(rate)} a second`);
  if (!run.done) await out.line(`Stopped. It is noted in ${state.path}: the same command goes on from there.`);
}
