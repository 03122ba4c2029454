import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Capabilities } from '../src/store/contract.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The page with the table of all stores. */
export const PAGE: string = join(ROOT, 'docs/stores/README.md');

interface Page {
  readonly title: string;
  readonly page: string;
  /** Its name in bench/stores.json; without one there is no driver to compare with. */
  readonly measured?: string;
}

/** The pages of stores by the names that tests give them, in the table's order. */
const STORE_PAGES: Readonly<Record<string, Page>> = {
  memory: { title: 'memory', page: 'memory.md' },
  files: { title: 'files', page: 'file.md' },
  SQLite: { title: 'SQLite', page: 'sqlite.md' },
  PostgreSQL: { title: 'PostgreSQL', page: 'postgres.md', measured: 'postgres' },
  MariaDB: { title: 'MySQL, MariaDB', page: 'mysql.md', measured: 'mysql' },
  'Redis by redis': { title: 'Redis, Valkey', page: 'redis.md', measured: 'redis' },
  'Redis by ioredis': { title: 'Redis, Valkey by ioredis', page: 'redis.md', measured: 'ioredis' },
  memcached: { title: 'memcached', page: 'memcached.md', measured: 'memcached' },
  MongoDB: { title: 'MongoDB', page: 'mongodb.md', measured: 'mongodb' },
  Datastore: { title: 'Google Cloud Datastore', page: 'datastore.md', measured: 'datastore' },
  DynamoDB: { title: 'DynamoDB', page: 'dynamodb.md', measured: 'dynamodb' },
};

const EXACT: Readonly<Record<Capabilities['atomic'], string>> = {
  store: 'everybody',
  process: 'one process',
  no: 'no',
};

interface Measured {
  readonly results: Readonly<Record<string, Readonly<Record<'read' | 'update', { readonly ratio: number }>>>>;
}

const { results } = JSON.parse(readFileSync(join(ROOT, 'bench/stores.json'), 'utf8')) as Measured;

/** What a read and an update cost over the driver's own call, in percent. */
function overheadOf(name: string): string {
  const { measured } = STORE_PAGES[name] ?? {};
  const figures = measured === undefined ? undefined : results[measured];
  if (figures === undefined) return '| - | - |';
  const percent = (ratio: number): string => `${ratio < 1 ? '' : '+'}${Math.round((ratio - 1) * 100)} %`;
  return `| ${percent(figures.read.ratio)} | ${percent(figures.update.ratio)} |`;
}

/** The row of a store as its capabilities and the benchmark say it. */
function rowOf(name: string, { atomic, reads, owners, scan, bytes }: Capabilities): string {
  const { title, page } = STORE_PAGES[name] ?? { title: name, page: '' };
  const exact = EXACT[atomic];
  const facts = [
    `[${title}](${page})`,
    exact,
    exact,
    ...Array.from({ length: 6 }, () => 'yes'),
    reads === 'strong' ? 'yes' : 'no',
    owners ? 'yes' : 'no',
    scan ? 'yes' : 'no',
    bytes ? 'yes' : 'no',
  ];
  return `| ${facts.join(' | ')} ${overheadOf(name)}`;
}

const HEAD = [
  '| store | G1 | G2 | G3 | G4 | G5 | G6 | G7 | G8 | reads see every write | owners | scan | bytes | read over driver | update over driver |',
  `|${'---|'.repeat(15)}`,
];

/**
 * The page with the table as capabilities and benchmark say it. A store whose capabilities are not known, for its server
 * is not here, keeps its row; one that has no page has a row without one, so that it is noticed.
 */
export function withTable(page: string, capabilities: ReadonlyMap<string, Capabilities>): string {
  const lines = page.split('\n');
  const begin = lines.findIndex((line) => line.startsWith('| store |'));
  const end = lines.findIndex((line, at) => at > begin && line === '');
  const names = new Set([...Object.keys(STORE_PAGES), ...capabilities.keys()]);
  const rows = Array.from(names, (name) => {
    const known = capabilities.get(name);
    if (known !== undefined) return rowOf(name, known);
    const title = `| [${STORE_PAGES[name]?.title}](`;
    return lines.find((line) => line.startsWith(title)) ?? `${title}?) |`;
  });
  return [...lines.slice(0, begin), ...HEAD, ...rows, ...lines.slice(end)].join('\n');
}
