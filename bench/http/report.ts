import { type Verdict, verdictsOf } from './bounds.ts';
import type { Machine } from './machine.ts';
import type { Rates } from './rates.ts';
import { type Group, type Ratio, ratioOf, slicesOf, summaryOf } from './results.ts';
import { ROUTE_NAMES, type RouteName } from './routes.ts';
import { targetOf } from './targets.ts';

/** Everything that a run found out. */
export interface Run {
  readonly machine: Machine;
  readonly groups: readonly Group[];
  readonly rates: readonly { readonly title: string; readonly rates: Rates }[];
}

const ROUTE_TITLES: Readonly<Record<RouteName, string>> = {
  control: 'control: a route mounted before the session',
  nocookie: 'no cookie: nobody looks at the session',
  static: 'static: `/static/app.css`, with the cookie',
  untouched: 'untouched: the cookie is sent, the handler does not look',
  read: 'read: the handler answers with a value',
  write: 'write: the handler counts a counter up',
  login: 'login: a new id for a visitor who has a session',
};

/** bench/RESULTS.md. */
export function reportOf({ machine, groups, rates }: Run): string {
  const verdicts = verdictsOf(groups);
  return [
    ...headOf(machine),
    ...boundsOf(verdicts),
    ...ratesOf(rates),
    '## Tables',
    '',
    'CPU: of the server process, user and system, microseconds a request: median over the rounds, then the quartiles.',
    '`/ bare`, `/ floor`: median of the ratios within each round, then their quartiles. Trips: commands that the client',
    'sends for one request that is alone. Commands: under load, with all that scripts do inside Redis. Redis bytes: into',
    'and out of Redis a request. Answer: bytes of the HTTP answer. p99: of the latency under full load. At 10 KB there is',
    'nothing that keeps the session in the cookie: browsers keep 4096 bytes of one.',
    '',
    ...groups.flatMap(tablesOf),
  ].join('\n');
}

function headOf({
  cpu,
  cores,
  memory,
  system,
  versions,
  command,
  date,
  rounds,
  seconds,
  launches,
  connections,
}: Machine): string[] {
  return [
    '# Results of the HTTP benchmark',
    '',
    `Made by \`${command}\` on ${date}: ${launches} launches of all servers, in each ${rounds} rounds of ${seconds} s a target and route, ${connections} kept connections`,
    'with a session each, server alone on one core, load and Redis on the other. How: [http/README.md](http/README.md).',
    '',
    `Machine: ${cpu}, ${cores} cores, ${memory} GB, ${system}. ${versions.join(', ')}.`,
    '',
  ];
}

function boundsOf(verdicts: readonly Verdict[]): string[] {
  const missed = verdicts.filter(({ holds }) => !holds).length;
  const number = (value: number | undefined) =>
    value === undefined ? 'not measured' : round(value, Number.isInteger(value) ? 0 : 3);
  return [
    '## Bounds',
    '',
    `${verdicts.length - missed} of ${verdicts.length} hold. A ratio is that of server CPU a request, at most the bound. \`A / B\`: the median of the`,
    'rounds’ ratios; its quartiles in brackets. Where neither of two has anything to do, level is enough: 1.03 with no cookie',
    'and on static paths, 1.05 where a session in a cookie, or a lazy one, is not looked at. `quietest tenth`: the ratio of the',
    'lowest tenth of the slices of each, which other programs on the machine disturb least; the bound is judged by the median.',
    '',
    ...table(
      ['where', 'what', 'measured', 'quietest tenth', 'bound', 'holds'],
      verdicts.map(({ where, what, value, bound, spread, quiet, holds }) => [
        where,
        what,
        `${number(value)}${spread === undefined ? '' : ` (${spread.map((end) => round(end, 3)).join(' to ')})`}`,
        quiet === undefined ? '' : round(quiet, 3),
        String(bound),
        holds ? 'yes' : '**no**',
      ]),
    ),
  ];
}

function ratesOf(rates: Run['rates']): string[] {
  if (rates.length === 0) return [];
  const { trials = 0, counters = 0 } = rates[0]?.rates ?? {};
  const percent = (value: number) => `${round(value * 100, 1)} %`;
  return [
    '## Lost updates and revived sessions',
    '',
    `The same requests to everybody, two server processes on one Redis, ${trials} trials each (counters: ${counters} of 50`,
    'requests at once). A slow request has looked at its session and waits on one process until the other request has',
    'been answered by the other process; then it writes one key and ends. So these are shares of the requests that do',
    'overlap, not of all traffic. Cookies are kept as a browser keeps them.',
    '',
    ...table(
      [
        'library',
        'two keys, one change lost',
        'of 50 increments kept: mean (worst)',
        'the same as `n = n + 1`',
        'logout during a slow write: old cookie works',
        '... and this browser is logged in again',
        'login during a slow write: old cookie works',
        '... and the login is lost',
      ],
      rates.map(({ title, rates: { lost, kept, keptPlainly, logout, login } }) => [
        title,
        percent(lost),
        `${round(kept.mean, 1)} (${kept.worst})`,
        `${round(keptPlainly.mean, 1)} (${keptPlainly.worst})`,
        percent(logout.oldCookie),
        percent(logout.browser),
        percent(login.oldCookie),
        percent(login.lost),
      ]),
    ),
    "coatcheck's increments are `session.update('n', (n = 0) => n + 1)`; the others have no such verb and write",
    '`n = n + 1`, which two overlapping requests cannot both keep in any library. cookie-session and iron-session cannot end a session',
    'on the server, and no library can merge two cookies that a browser receives one after the other: what is wholly in',
    'the cookie loses updates, ours too.',
    '',
  ];
}

function tablesOf(group: Group): string[] {
  const lines = [
    `### Node ${group.node.slice(1)}, ${group.framework === 'node' ? 'node:http' : 'Express 5'}, ${group.size} KB`,
    '',
  ];
  for (const route of ROUTE_NAMES) {
    const rows = group.targets.flatMap(({ name, lone }) => {
      const slices = slicesOf(group, name, route);
      if (slices === undefined) return [];
      const all = summaryOf(slices);
      const commands = Object.entries(all.commands).map(([command, each]) => `${command} ${round(each, 2)}`);
      return [
        [
          targetOf(name).title,
          `${round(all.cpu, 1)} (${round(all.low, 1)} to ${round(all.high, 1)})`,
          ratioText(ratioOf(group, name, 'bare', route)),
          ratioText(ratioOf(group, name, 'floor', route)),
          round(all.rate, 0),
          String(lone[route]?.length ?? ''),
          commands.join(', ') || '0',
          `${round(all.redisIn, 0)} + ${round(all.redisOut, 0)}`,
          round(all.answer, 0),
          round(all.rss / 1024 / 1024, 0),
          round(all.p99 / 1000, 1),
        ],
      ];
    });
    if (rows.length === 0) continue;
    lines.push(`**${ROUTE_TITLES[route]}**`, '');
    lines.push(
      ...table(
        [
          'target',
          'CPU us',
          '/ bare',
          '/ floor',
          'req/s',
          'trips',
          'commands',
          'Redis bytes',
          'answer',
          'RSS MB',
          'p99 ms',
        ],
        rows,
      ),
    );
  }
  return lines;
}

function ratioText(ratio: Ratio | undefined): string {
  return ratio === undefined ? '' : `${round(ratio.median, 2)} (${round(ratio.low, 2)} to ${round(ratio.high, 2)})`;
}

function round(value: number, digits: number): string {
  return value.toFixed(digits);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), `|${head.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`, ...rows.map(line), ''];
}
