/** `npm run bench`: see README.md beside this file. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { verdictsOf } from './bounds.ts';
import { buildOwn, root } from './build.ts';
import { nodeOf, runGroup } from './group.ts';
import { machineOf } from './machine.ts';
import { type Options, readOptions } from './options.ts';
import { printed } from './print.ts';
import { missingPrograms, pinned, pinSelf } from './processes.ts';
import { measureRates } from './rates.ts';
import { RedisServer } from './redis-server.ts';
import { type Run, reportOf } from './report.ts';
import type { Group } from './results.ts';
import { RATED } from './targets.ts';

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const args = process.argv.slice(2);
const options = readOptions(args);
finish(options.from === undefined ? await measure() : (JSON.parse(readFileSync(options.from, 'utf8')) as Run));

async function measure(): Promise<Run> {
  const missing = missingPrograms();
  if (missing.length > 0) {
    console.error(missing.join('\n'));
    process.exit(2);
  }
  for (const major of options.nodes) nodeOf(major);
  if (!pinned) console.error('Not pinned: taskset or a second core is missing. The figures are of little use.');
  pinSelf();
  const builds = new Map(options.builds);
  if (!builds.has('own')) builds.set('own', buildOwn(!options.part));
  const redis = await RedisServer.start();
  try {
    const groups: Group[] = [];
    for (const { major, framework, size } of groupsOf(options)) {
      const say = (text: string) => tell(`Node ${major}, ${framework}, ${size} KB, ${text}`);
      const group = await runGroup(options, redis, builds, { major, framework, size }, say);
      groups.push(group);
      tell('');
      console.log(`${printed(group)}\n`);
    }
    const version = await redis.version();
    const rates = options.rates ? await allRates(redis, builds.get('own') ?? '') : [];
    const command = ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
    return { machine: machineOf(options, groups, version, command), groups, rates };
  } finally {
    await redis.stop();
  }
}

/** A full run leaves out what it would only say twice: the size has nothing to do with the framework. */
function groupsOf({ nodes, frameworks, sizes, part }: Options) {
  return nodes.flatMap((major) =>
    frameworks.flatMap((framework) =>
      sizes.filter((size) => part || framework === 'express' || size === 1).map((size) => ({ major, framework, size })),
    ),
  );
}

async function allRates(redis: RedisServer, build: string): Promise<Run['rates']> {
  const all: { title: string; rates: Run['rates'][number]['rates'] }[] = [];
  const rated = RATED.filter(({ name }) => options.targets?.includes(name) ?? true);
  for (const { name, title } of rated) {
    tell(`lost updates and revivals: ${name}`);
    const settings = {
      target: name,
      framework: 'express',
      driver: options.driver,
      store: 'redis',
      size: 1,
      redis: redis.url,
      build: pathToFileURL(`${build}/`).href,
    } as const;
    const rates = await measureRates(process.execPath, settings, options.trials);
    tell('');
    console.log(`${title}: ${JSON.stringify(rates)}`);
    all.push({ title, rates });
  }
  return all;
}

function finish(run: Run): void {
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(run));
  if (options.write) writeFileSync(join(root, 'bench/RESULTS.md'), reportOf(run));
  if (options.part) return;
  const missed = verdictsOf(run.groups).filter(({ holds }) => !holds);
  for (const { where, what, value, bound } of missed) {
    console.error(`MISSED  ${where}: ${what}: ${value?.toFixed(3) ?? 'not measured'}, bound ${bound}`);
  }
  if (missed.length > 0) process.exitCode = 1;
}

/** One line that is written over, where somebody looks. */
function tell(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
