import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './build.ts';
import { Contestant, type Slice } from './measure.ts';
import { MeasuredServer } from './measured-server.ts';
import type { Options } from './options.ts';
import type { RedisServer } from './redis-server.ts';
import type { Group, TargetResult } from './results.ts';
import { loneCommands } from './round-trips.ts';
import { ROUTE_NAMES, ROUTES, type RouteName } from './routes.ts';
import { plainName, TARGETS, targetOf } from './targets.ts';

const WARM_SLICES = 10;

/** Which routes a full run visits: what the size or the framework has no part in is measured once. */
export function routesFor(framework: string, size: number): readonly RouteName[] {
  if (framework === 'node') return ['control', 'nocookie', 'untouched', 'read', 'write'];
  return size === 1 ? ROUTE_NAMES : ['control', 'untouched', 'read', 'write'];
}

/** The Node that is measured: this one where its major is right, else that of tools/runtimes. */
export function nodeOf(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const path = join(root, `tools/runtimes/node_modules/node${major}/bin/node`);
  if (existsSync(path)) return path;
  throw new Error(`Node ${major} is missing: cd tools/runtimes && npm install --no-bin-links --ignore-scripts`);
}

/**
 * Measures all targets side by side. All servers live throughout, so that each is warm when its turn comes; an idle
 * one costs nothing. Every round visits every target on the route, each round in another order.
 */
export async function runGroup(
  options: Options,
  redis: RedisServer,
  builds: ReadonlyMap<string, string>,
  { major, framework, size }: { major: number; framework: 'express' | 'node'; size: number },
  say: (text: string) => void,
): Promise<Group> {
  await redis.clear();
  const node = nodeOf(major);
  const names = (options.targets ?? Object.keys(TARGETS)).filter((name) => {
    const target = targetOf(name);
    return (size === 1 || target.large) && (options.driver === 'redis' || target.nodeRedisOnly !== true);
  });
  const launches: Launch[] = [];
  for (let launch = 0; launch < options.launches; launch++) {
    const said = (text: string) => say(options.launches === 1 ? text : `launch ${launch + 1}, ${text}`);
    launches.push(await runLaunch(options, redis, builds, { node, names, framework, size, launch }, said));
  }
  return { node: launches[0]?.node ?? '', framework, size, targets: names.map((name) => merged(name, launches)) };
}

interface Launch {
  /** The version of Node. */
  readonly node: string;
  readonly targets: readonly TargetResult[];
}

/** The rounds of all launches, as if they were one's. */
function merged(name: string, launches: readonly Launch[]): TargetResult {
  const results = launches.flatMap(({ targets }) => targets.filter((target) => target.name === name));
  const slices: Partial<Record<RouteName, readonly Slice[]>> = {};
  for (const route of ROUTE_NAMES) {
    const all = results.flatMap((result) => result.slices[route] ?? []);
    if (all.length > 0) slices[route] = all;
  }
  return { name, slices, lone: results[0]?.lone ?? {} };
}

/** Starts all servers, each launch in another order: two processes of one program differ by a few per cent. */
async function runLaunch(
  options: Options,
  redis: RedisServer,
  builds: ReadonlyMap<string, string>,
  {
    node,
    names,
    framework,
    size,
    launch,
  }: { node: string; names: readonly string[]; framework: 'express' | 'node'; size: number; launch: number },
  say: (text: string) => void,
): Promise<Launch> {
  const contestants: Contestant[] = [];
  try {
    for (const name of inOrder(names, launch)) {
      const build = builds.get(name.split('@')[1] ?? 'own');
      const server = await MeasuredServer.start(node, {
        target: plainName(name),
        framework,
        size,
        driver: options.driver,
        store: options.store,
        redis: targetOf(name).redis ? redis.url : undefined,
        profile: options.profile,
        build: pathToFileURL(`${build}/`).href,
      });
      const contestant = new Contestant(name, server);
      contestants.push(contestant);
      await contestant.seed();
    }
    const slices = new Map<string, Partial<Record<RouteName, readonly Slice[]>>>(names.map((name) => [name, {}]));
    const lone = new Map<string, Partial<Record<RouteName, readonly string[]>>>(names.map((name) => [name, {}]));
    for (const route of options.routes ?? routesFor(framework, size)) {
      const runners = contestants.filter(({ name }) => targetOf(name).routes?.includes(route) ?? true);
      const found = await runRoute(options, redis, runners, route, launch * options.rounds, say);
      for (const { name } of runners) (slices.get(name) ?? {})[route] = found.get(name) ?? [];
      for (const runner of runners) {
        (lone.get(runner.name) ?? {})[route] = await loneCommands(redis, runner, ROUTES[route]);
      }
    }
    const targets: TargetResult[] = names.map((name) => ({
      name,
      slices: slices.get(name) ?? {},
      lone: lone.get(name) ?? {},
    }));
    return { node: contestants[0]?.server.node ?? '', targets };
  } finally {
    await Promise.all(contestants.map(({ server }) => server.stop()));
  }
}

async function runRoute(
  options: Options,
  redis: RedisServer,
  runners: readonly Contestant[],
  route: RouteName,
  before: number,
  say: (text: string) => void,
): Promise<Map<string, Slice[]>> {
  for (const runner of runners) {
    await runner.ask(ROUTES[route], runner.cookies[0]);
    if (ROUTES[route].path === '/login') await runner.seed();
    await warm(options, redis, runner, route);
  }
  const found = new Map<string, Slice[]>(runners.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round++) {
    say(`${route}: round ${round} of ${options.rounds}`);
    for (const runner of inOrder(runners, round)) {
      found.get(runner.name)?.push(await runner.slice(redis, route, before + round, options.seconds));
    }
  }
  if (route === 'write') for (const runner of runners) await runner.checkWrites();
  return found;
}

/** By requests and not by time: a machine with other work to do would measure code that is not compiled yet. */
async function warm(
  { warm, seconds }: Options,
  redis: RedisServer,
  runner: Contestant,
  route: RouteName,
): Promise<void> {
  for (let requests = 0, slices = 0; requests < warm && slices < WARM_SLICES; slices++) {
    requests += (await runner.slice(redis, route, 0, seconds)).requests;
  }
}

/** Rotated, and every second round backwards: nobody always runs behind the same neighbour. */
function inOrder<T>(all: readonly T[], round: number): T[] {
  const at = round % all.length;
  const turned = [...all.slice(at), ...all.slice(0, at)];
  return round % 2 === 0 ? turned.reverse() : turned;
}
