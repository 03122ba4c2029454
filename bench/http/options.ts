import { parseArgs } from 'node:util';
import { ROUTE_NAMES, type RouteName } from './routes.ts';
import { TARGETS } from './targets.ts';

export interface Options {
  /** Anything left out, or too few rounds: not a full run, which writes the report and is judged by the bounds. */
  readonly part: boolean;
  readonly routes: readonly RouteName[] | undefined;
  readonly targets: readonly string[] | undefined;
  readonly nodes: readonly number[];
  readonly sizes: readonly number[];
  readonly frameworks: readonly ('express' | 'node')[];
  readonly driver: 'redis' | 'ioredis';
  readonly store: 'redis' | 'memory';
  readonly rounds: number;
  /** Of a slice. */
  readonly seconds: number;
  /** How often all servers are started anew, with all rounds each time. */
  readonly launches: number;
  /** Requests of a warm-up. */
  readonly warm: number;
  /** Builds by name: `own` is src/ as it is now. */
  readonly builds: ReadonlyMap<string, string>;
  /** Folder for the servers' CPU profiles. */
  readonly profile: string | undefined;
  readonly write: boolean;
  readonly rates: boolean;
  /** Trials of the rates. */
  readonly trials: number;
  readonly json: string | undefined;
  readonly from: string | undefined;
}

/** Fewer rounds are no result. */
const FULL_ROUNDS = 7;

/** The options of the command line; throws with what is known where something is not. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      targets: { type: 'string' },
      node: { type: 'string' },
      size: { type: 'string' },
      framework: { type: 'string' },
      driver: { type: 'string', default: 'redis' },
      store: { type: 'string', default: 'redis' },
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '0.3' },
      launches: { type: 'string' },
      warm: { type: 'string', default: '10000' },
      build: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
      write: { type: 'boolean', default: false },
      rates: { type: 'boolean', default: false },
      trials: { type: 'string', default: '200' },
      'no-rates': { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
    },
  });
  const { quick } = values;
  const chosen = [values.only, values.targets, values.node, values.size, values.framework];
  const rounds = whole(values.rounds ?? '10', 'rounds');
  const launches = whole(values.launches ?? (quick ? '1' : '3'), 'launches');
  const part =
    quick ||
    rounds * launches < FULL_ROUNDS ||
    values.profile !== undefined ||
    chosen.some((value) => value !== undefined) ||
    values.driver !== 'redis' ||
    values.store !== 'redis';
  const builds = new Map(
    values.build.map((text) => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]),
  );
  return {
    part,
    routes: values.only === undefined ? undefined : each(values.only, ROUTE_NAMES, 'route'),
    targets: values.targets === undefined ? undefined : knownTargets(values.targets, builds),
    nodes: each(values.node ?? (quick ? '20' : '20,24'), ['20', '24'], 'node').map(Number),
    sizes: each(values.size ?? (quick ? '1' : '1,10'), ['1', '10'], 'size').map(Number),
    frameworks: each(values.framework ?? (quick ? 'express' : 'express,node'), ['express', 'node'], 'framework'),
    driver: one(values.driver, ['redis', 'ioredis'], 'driver'),
    store: one(values.store, ['redis', 'memory'], 'store'),
    rounds,
    launches,
    seconds: aboveZero(values.seconds, 'seconds'),
    warm: whole(values.warm, 'warm'),
    builds,
    profile: values.profile,
    write: values.write || !part,
    rates: values.rates || (!part && !values['no-rates']),
    trials: whole(values.trials, 'trials'),
    json: values.json,
    from: values.from,
  };
}

function each<T extends string>(text: string, known: readonly T[], what: string): T[] {
  return text.split(',').map((name) => one(name, known, what));
}

function one<T extends string>(name: string, known: readonly T[], what: string): T {
  const found = known.find((candidate) => candidate === name);
  if (found === undefined) throw new Error(`--${what} ${name} is not known: ${known.join(', ')}`);
  return found;
}

/** `coatcheck@base` is the target `coatcheck` on the build that `--build base=FOLDER` names. */
function knownTargets(text: string, builds: ReadonlyMap<string, string>): string[] {
  return text.split(',').map((name) => {
    const [target = '', build] = name.split('@');
    one(target, Object.keys(TARGETS), 'targets');
    if (build !== undefined && !builds.has(build)) throw new Error(`${name} needs --build ${build}=FOLDER`);
    return name;
  });
}

function aboveZero(text: string, what: string): number {
  const number = Number(text);
  if (!(number > 0 && number < 3600)) throw new Error(`--${what} takes a number above zero`);
  return number;
}

function whole(text: string, what: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${what} takes a whole number above zero`);
  return number;
}
