import type { Slice } from './measure.ts';
import type { RouteName } from './routes.ts';
import { median, quantile } from './statistics.ts';

/** The slices of one target, by route. */
export interface TargetResult {
  readonly name: string;
  readonly slices: Partial<Record<RouteName, readonly Slice[]>>;
  /** Commands that the client sends for one request that is alone, by route. */
  readonly lone: Partial<Record<RouteName, readonly string[]>>;
}

/** Everything that was measured side by side: one Node, one framework, one size. */
export interface Group {
  readonly node: string;
  readonly framework: 'express' | 'node';
  readonly size: number;
  readonly targets: readonly TargetResult[];
}

/** What a table says of one target on one route: medians over the rounds. */
export interface Summary {
  readonly cpu: number;
  /** Quartiles of the CPU. */
  readonly low: number;
  readonly high: number;
  /** The quietest round: what a machine that also does something else disturbs least. */
  readonly best: number;
  readonly rate: number;
  readonly redisIn: number;
  readonly redisOut: number;
  readonly answer: number;
  readonly rss: number;
  readonly p99: number;
  readonly commands: Readonly<Record<string, number>>;
}

export function slicesOf(group: Group, target: string, route: RouteName): readonly Slice[] | undefined {
  return group.targets.find(({ name }) => name === target)?.slices[route];
}

export function summaryOf(slices: readonly Slice[]): Summary {
  const cpu = slices.map((slice) => slice.cpu);
  const mid = (pick: (slice: Slice) => number) => median(slices.map(pick));
  const names = new Set(slices.flatMap(({ commands }) => Object.keys(commands)));
  return {
    cpu: median(cpu),
    low: quantile(cpu, 0.25),
    high: quantile(cpu, 0.75),
    best: quantile(cpu, 0),
    rate: mid(({ rate }) => rate),
    redisIn: mid(({ redisIn }) => redisIn),
    redisOut: mid(({ redisOut }) => redisOut),
    answer: mid(({ answer }) => answer),
    rss: mid(({ rss }) => rss),
    p99: mid(({ p99 }) => p99),
    commands: Object.fromEntries([...names].map((name) => [name, mid(({ commands }) => commands[name] ?? 0)])),
  };
}

/** How one target's CPU relates to another's: the ratios of each round, where both ran side by side. */
export interface Ratio {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Of the quietest tenth of the slices: what other programs disturb least. */
  readonly quiet: number;
}

/** The median of the rounds' ratios; undefined where one of the two was not measured. */
export function ratioOf(group: Group, target: string, base: string, route: RouteName): Ratio | undefined {
  const above = slicesOf(group, target, route);
  const below = slicesOf(group, base, route);
  if (above === undefined || below === undefined) return undefined;
  const ratios = above.map(({ cpu, round }) => cpu / (below.find((slice) => slice.round === round)?.cpu ?? Number.NaN));
  const quietest = (slices: readonly Slice[]) =>
    quantile(
      slices.map(({ cpu }) => cpu),
      0.1,
    );
  return {
    median: median(ratios),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    quiet: quietest(above) / quietest(below),
  };
}
