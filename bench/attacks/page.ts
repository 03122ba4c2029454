import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Attack, Outcome } from './attack.ts';
import { CHAPTERS } from './chapters.ts';
import type { Came, Row } from './run.ts';

export const PAGE: string = fileURLToPath(new URL('../../docs/attacks.md', import.meta.url));

const BEGIN = '<!-- Below: written by `npm run attacks`. -->';
const END = '<!-- Above: written by `npm run attacks`. -->';

const PEERS = ['express-session', 'passport', 'passport-local', 'csurf', 'connect-flash', 'connect-redis'];

/** The page with what came of the attacks; a row that could not be made here stays as it is. */
export function withRows(page: string, rows: readonly Row[]): string {
  const [before, rest] = page.split(BEGIN);
  const [old, after] = (rest ?? '').split(END);
  if (before === undefined || old === undefined || after === undefined)
    throw new Error('docs/attacks.md lost its marks');
  const lineOf = ({ attack, came }: Row) => {
    if (came !== undefined) return line(attack, came);
    const kept = old.split('\n').find((one) => one.startsWith(`| ${attack.name} |`));
    if (kept === undefined) throw new Error(`docs/attacks.md has no row "${attack.name}" to keep`);
    return kept;
  };
  const byAttack = new Map(rows.map((row) => [row.attack, lineOf(row)]));
  const parts = CHAPTERS.map(({ title, attacks }) =>
    [
      `### ${title}`,
      '',
      '| attack | what is tried | the peers | coatcheck | our test |',
      '|---|---|---|---|---|',
      ...attacks.map((attack) => byAttack.get(attack)),
    ].join('\n'),
  );
  return `${before}${BEGIN}\n\n## What came of it\n\nWith ${PEERS.map(version).join(', ')}.\n\n${parts.join('\n\n')}\n\n${END}${after}`;
}

function line({ name, tried, test }: Attack, { peers, hardened, ours }: Came): string {
  const better = peers.result !== 'stopped' && hardened.result === 'stopped' ? '. Stopped with the other cookies' : '';
  const cells = [name, tried, `${told(peers)}${better}`, told(ours), `${test[0]}: ${test[1]}`];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function told({ result, seen }: Outcome): string {
  return `${result === 'succeeded' ? '**succeeded**' : result}: ${seen}`;
}

/** Exact, as in package.json: a table of other versions would be another table. */
function version(name: string): string {
  const manifest = createRequire(import.meta.url).resolve('../../package.json');
  const { devDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as { devDependencies: Record<string, string> };
  return `${name} ${devDependencies[name]}`;
}

/** A table for the terminal. */
export function printed(rows: readonly Row[]): string {
  const widths = [34, 9];
  return rows
    .map(({ attack, came }) =>
      came === undefined
        ? `${attack.name.padEnd(widths[0] ?? 0)} not run here`
        : [
            attack.name.padEnd(widths[0] ?? 0),
            came.peers.result.padEnd(widths[1] ?? 0),
            came.ours.result.padEnd(widths[1] ?? 0),
            `${came.peers.seen} / ${came.ours.seen}`,
          ].join('  '),
    )
    .join('\n');
}
