import { randomBytes, randomUUID } from 'node:crypto';
import type { Store, Version } from 'coatcheck/store/contract';
import { median, quantile } from '../http/statistics.ts';

/** Operations under way at once. */
const LANES = 32;

/** A call of the driver, to be made again: the same command to the letter. */
export type RawCall = () => Promise<unknown>;

/** A store beside its driver. */
export interface Contestant {
  readonly name: string;
  /** Operations of a slice; fewer for those that are slow. */
  readonly operations: number;
  readonly store: Store;
  /** Lets the store make a call, and gives the driver's own: the same, or with two texts in it exchanged. */
  caught(call: () => Promise<unknown>): Promise<(swap?: readonly [string, string]) => RawCall>;
  stop(): Promise<void>;
}

export type Verb = 'read' | 'update';

export interface Figures {
  /** Of this process, in microseconds a call: medians. */
  readonly raw: number;
  readonly store: number;
  /** Of the slices of one round; the median. */
  readonly ratio: number;
  /** The quartiles of the rounds' ratios. */
  readonly spread: readonly [number, number];
}

interface Lane {
  readonly key: string;
  version: Version;
}

/** A record of about 1 KB. */
export const DOCUMENT: string = JSON.stringify({
  data: { user: 'ann', roles: ['reader', 'writer'], visits: 41, note: 'x'.repeat(900) },
  meta: { created: 1_795_280_000_000, commits: 41, nonces: ['aaaaaaaaaaaaaaaa'] },
});
const expiry = (): number => Date.now() + 3_600_000;

/** Interleaved slices of the driver's own call and of the store's, 32 calls under way at once. */
export async function contest(one: Contestant, rounds: number): Promise<Readonly<Record<Verb, Figures>>> {
  const { store } = one;
  const lanes: Lane[] = await Promise.all(
    Array.from({ length: LANES }, async () => {
      const key = randomBytes(32).toString('hex');
      const created = await store.create(key, DOCUMENT, expiry());
      if (created.result !== 'ok') throw new Error(`${one.name}: a new key was taken`);
      return { key, version: created.version };
    }),
  );
  const calls = { read: (lane: Lane) => store.read(lane.key), update: (lane: Lane) => update(store, lane) };
  const results = { read: [] as Round[], update: [] as Round[] };
  for (let round = -1; round < rounds; round++) {
    for (const verb of ['read', 'update'] as const) {
      const raw = [await rawOf(one, lanes, verb)];
      const own = lanes.map((lane) => () => calls[verb](lane));
      const order = round % 2 === 0 ? ['raw', 'store'] : ['store', 'raw'];
      const cost: Record<string, number> = {};
      for (const side of order) {
        // What the store wrote meanwhile, the driver's call must name.
        if (side === 'raw' && order[0] === 'store') raw[0] = await rawOf(one, lanes, verb);
        cost[side] = await slice(side === 'raw' ? (raw[0] ?? []) : own, one.operations);
      }
      await check(store, lanes);
      // The first round warms up.
      if (round >= 0) results[verb].push({ raw: cost.raw ?? Number.NaN, store: cost.store ?? Number.NaN });
    }
  }
  return { read: figuresOf(results.read), update: figuresOf(results.update) };
}

interface Round {
  readonly raw: number;
  readonly store: number;
}

function figuresOf(rounds: readonly Round[]): Figures {
  const ratios = rounds.map(({ raw, store }) => store / raw);
  return {
    raw: median(rounds.map(({ raw }) => raw)),
    store: median(rounds.map(({ store }) => store)),
    ratio: median(ratios),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

async function update(store: Store, lane: Lane): Promise<void> {
  const updated = await store.update(lane.key, lane.version, DOCUMENT, expiry());
  if (updated.result !== 'ok') throw new Error(`an update ended in ${updated.result}`);
  lane.version = updated.version;
}

/** The driver's own call for each lane; of updates two, each of which makes the version that the other one needs. */
async function rawOf(one: Contestant, lanes: readonly Lane[], verb: Verb): Promise<RawCall[]> {
  const calls: RawCall[] = [];
  for (const lane of lanes) {
    if (verb === 'read') {
      calls.push((await one.caught(() => one.store.read(lane.key)))());
      continue;
    }
    const before = String(lane.version);
    const caught = await one.caught(() => update(one.store, lane));
    const [forth, back] = [caught(), caught([before, String(lane.version)])];
    let turn = 0;
    calls.push(() => (turn++ % 2 === 0 ? back() : forth()));
  }
  return calls;
}

/** After an even number of turns of the driver every record has the version that its lane knows, or none was written. */
async function check(store: Store, lanes: readonly Lane[]): Promise<void> {
  for (const lane of lanes) {
    const record = await store.read(lane.key);
    if (record?.version !== lane.version) throw new Error('a call of the driver did not do what the store does');
  }
}

/** Microseconds of CPU of this process for one call. */
async function slice(calls: readonly RawCall[], operations: number): Promise<number> {
  const each = 2 * Math.ceil(operations / calls.length / 2);
  const before = process.cpuUsage();
  await Promise.all(
    calls.map(async (call) => {
      for (let n = 0; n < each; n++) await call();
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (each * calls.length);
}

/** A copy in which two texts have changed places, wherever they stand. */
export function swapped<T>(value: T, [one, other]: readonly [string, string]): T {
  const hole = randomUUID();
  const text = (given: string): string => given.replaceAll(one, hole).replaceAll(other, one).replaceAll(hole, other);
  const walk = (given: unknown): unknown => {
    if (typeof given === 'string') return text(given);
    if (Array.isArray(given)) return given.map(walk);
    if (typeof given !== 'object' || given === null || Object.getPrototypeOf(given) !== Object.prototype) return given;
    return Object.fromEntries(Object.entries(given).map(([name, inner]) => [name, walk(inner)]));
  };
  return walk(value) as T;
}
