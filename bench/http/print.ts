import { type Group, ratioOf, type Summary, slicesOf, summaryOf } from './results.ts';
import { ROUTE_NAMES, type RouteName } from './routes.ts';

/**
 * The tables of a group for the terminal, while one works. `best` and the two columns behind it are of the quietest
 * round: where other programs disturb the run, they say more than the medians.
 */
export function printed(group: Group): string {
  const lines = [`${group.node}, ${group.framework}, ${group.size} KB`];
  const measured = ROUTE_NAMES.filter((route) => group.targets.some(({ slices }) => slices[route] !== undefined));
  for (const route of measured) {
    lines.push('', row(route.toUpperCase(), HEAD));
    const summaries = new Map(group.targets.map(({ name }) => [name, summarised(group, name, route)]));
    const bare = summaries.get('bare');
    const floor = summaries.get('floor');
    for (const { name, lone } of group.targets) {
      const summary = summaries.get(name);
      if (summary === undefined) continue;
      const { cpu, low, high, best, rate, redisIn, redisOut, commands } = summary;
      const cells = [
        cpu.toFixed(1),
        `${low.toFixed(0)}-${high.toFixed(0)}`,
        ...['bare', 'floor'].map((base) => ratioOf(group, name, base, route)?.median.toFixed(3) ?? ''),
        best.toFixed(1),
        bare === undefined ? '' : (best - bare.best).toFixed(1),
        floor === undefined ? '' : (best / floor.best).toFixed(3),
        ...['bare', 'floor'].map((base) => ratioOf(group, name, base, route)?.quiet.toFixed(3) ?? ''),
        rate.toFixed(0),
        String(lone[route]?.length ?? ''),
        `${redisIn.toFixed(0)}/${redisOut.toFixed(0)}`,
      ];
      const sent = Object.entries(commands).map(([command, each]) => `${command} ${each.toFixed(2)}`);
      lines.push(`${row(name, cells)}  ${sent.join(', ')}`);
    }
  }
  return lines.join('\n');
}

const HEAD = [
  'cpu us',
  'quartiles',
  '/bare',
  '/floor',
  'best',
  '+bare',
  '/floor',
  'q/bare',
  'q/floor',
  'req/s',
  'trips',
  'bytes i/o',
];

function summarised(group: Group, name: string, route: RouteName): Summary | undefined {
  const slices = slicesOf(group, name, route);
  return slices === undefined ? undefined : summaryOf(slices);
}

function row(name: string, cells: readonly string[]): string {
  return name.padEnd(26) + cells.map((cell) => ` ${cell}`.padStart(11)).join('');
}
