import { type Group, ratioOf } from './results.ts';
import { ROUTE_NAMES, type RouteName } from './routes.ts';

/** One line of what must be reached, and what was. */
export interface Verdict {
  readonly where: string;
  readonly what: string;
  /** What was measured; undefined where it was not. */
  readonly value: number | undefined;
  readonly bound: number;
  /** The ratio's quartiles. */
  readonly spread?: readonly [number, number];
  /** The ratio of the quietest tenths. */
  readonly quiet?: number;
  readonly holds: boolean;
}

const SERVER_SIDE = ['coatcheck', 'coatcheck-ambient'];

/** Highest ratios to the hand-written floor, 1 KB: [read, write] by Node and target. */
const FLOOR: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  20: { coatcheck: [1.06, 1.08], 'coatcheck-ambient': [1.12, 1.15] },
  24: { coatcheck: [1.12, 1.12], 'coatcheck-ambient': [1.16, 1.25] },
};
const FLOOR_WRITE_10_KB = 1.25;

/** Highest ratios to the bare server, 1 KB. */
const BARE: readonly (readonly [target: string, route: RouteName, bound: number])[] = [
  ...SERVER_SIDE.flatMap(
    (target) =>
      [
        [target, 'nocookie', 1.03],
        [target, 'static', 1.03],
        [target, 'untouched', 1.12],
      ] as const,
  ),
  ['coatcheck-lazy', 'untouched', 1.05],
];

/** Commands that the client sends for one request. */
const TRIPS: readonly (readonly [target: string, route: RouteName, bound: number])[] = [
  ...SERVER_SIDE.flatMap(
    (target) =>
      [
        [target, 'nocookie', 0],
        [target, 'static', 0],
        [target, 'untouched', 1],
        [target, 'read', 1],
        [target, 'write', 2],
      ] as const,
  ),
  ['coatcheck-lazy', 'untouched', 0],
];

const COOKIE_PEERS = ['cookie-session', 'iron-session'];
const OTHERS = ROUTE_NAMES.filter((route) => route !== 'control' && route !== 'untouched');

/**
 * Who must be ahead of whom, and on which routes. A peer that keeps all in the cookie does nothing on a route that does
 * not look, so there it meets our lazy session and our sealed one, which need do nothing either.
 */
const RACES: readonly (readonly [ours: string, peer: string, routes: readonly RouteName[]])[] = [
  ...SERVER_SIDE.map((ours) => [ours, 'express-session', [...OTHERS, 'untouched']] as const),
  ...COOKIE_PEERS.flatMap((peer) => [
    ...SERVER_SIDE.map((ours) => [ours, peer, OTHERS] as const),
    ['coatcheck-lazy', peer, ['untouched']] as const,
    ['coatcheck-sealed', peer, [...OTHERS, 'untouched']] as const,
  ]),
];

/** Where both have nothing to do, neither can be ahead: level but for the noise is enough. */
function raceBound(peer: string, route: RouteName): number {
  if (route === 'nocookie' || route === 'static') return 1.03;
  return route === 'untouched' && COOKIE_PEERS.includes(peer) ? 1.05 : 1;
}

const CONTROL = 0.02;

/** Everything that must be reached, in the order in which it is reported. Only Express counts. */
export function verdictsOf(groups: readonly Group[]): Verdict[] {
  return groups.filter(({ framework }) => framework === 'express').flatMap(verdictsOfGroup);
}

function verdictsOfGroup(group: Group): Verdict[] {
  const where = `Node ${group.node.slice(1).split('.')[0]}, ${group.size} KB`;
  const verdicts: Verdict[] = [];
  const ratio = (target: string, base: string, route: RouteName, bound: number) => {
    const found = ratioOf(group, target, base, route);
    verdicts.push({
      where,
      what: `${target} / ${base}, ${route}`,
      value: found?.median,
      bound,
      ...(found === undefined ? {} : { spread: [found.low, found.high] as const, quiet: found.quiet }),
      holds: found !== undefined && found.median <= bound,
    });
  };
  if (group.size !== 1) {
    for (const target of SERVER_SIDE) ratio(target, 'floor', 'write', FLOOR_WRITE_10_KB);
  } else {
    const major = group.node.slice(1).split('.')[0] ?? '';
    for (const [target, [read, write]] of Object.entries(FLOOR[major] ?? {})) {
      ratio(target, 'floor', 'read', read);
      ratio(target, 'floor', 'write', write);
    }
    for (const [target, route, bound] of BARE) ratio(target, 'bare', route, bound);
    for (const [target, route, bound] of TRIPS) verdicts.push(tripsOf(group, where, target, route, bound));
  }
  for (const [ours, peer, routes] of RACES) {
    for (const route of routes) {
      if (ratioOf(group, ours, peer, route) !== undefined) ratio(ours, peer, route, raceBound(peer, route));
    }
  }
  verdicts.push(...controlsOf(group, where));
  return verdicts;
}

function tripsOf(group: Group, where: string, target: string, route: RouteName, bound: number): Verdict {
  const value = group.targets.find(({ name }) => name === target)?.lone[route]?.length;
  return {
    where,
    what: `${target}, round trips, ${route}`,
    value,
    bound,
    holds: value !== undefined && value <= bound,
  };
}

/** A route outside the session code must cost everybody the same: else the run was disturbed. */
function controlsOf(group: Group, where: string): Verdict[] {
  return group.targets
    .filter(({ name }) => name !== 'bare')
    .flatMap(({ name }) => {
      const found = ratioOf(group, name, 'bare', 'control');
      if (found === undefined) return [];
      const off = Math.abs(found.median - 1);
      const what = `${name}, control route, away from bare`;
      return [{ where, what, value: off, bound: CONTROL, holds: off <= CONTROL }];
    });
}
