import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Capabilities } from '../../src/store/contract.ts';
import { root } from './blocks.ts';

const EXACT: Readonly<Record<Capabilities['atomic'], string>> = {
  store: 'between all processes',
  process: 'within one process',
  no: 'no',
};

/** The table under "What is promised" of a store's page, as its capabilities say it. */
export function promisesOf({ atomic, reads, owners, scan, bytes }: Capabilities): string {
  const rows: readonly (readonly [promise: string, what: string, here: string])[] = [
    ['G1', 'no lost key, exact `update`', EXACT[atomic]],
    ['G2', 'what ended stays ended', EXACT[atomic]],
    ['G3', 'stored before sent', 'yes'],
    ['G4', 'nothing for nothing', 'yes'],
    ['G5', 'nested edits are noticed', 'yes'],
    ['G6', 'a leaked store logs nobody in', 'yes'],
    ['G7', 'a dead store is an error', 'yes'],
    ['G8', 'one behaviour everywhere', 'yes: passes the store suite'],
    ['', 'reads', reads === 'strong' ? 'see every write that was answered before' : 'may be behind'],
    ['', "a user's sessions (`listFor`, `revoke`)", owners ? 'yes' : 'no'],
    ['', 'a walk over all records (`scan`)', scan ? 'yes' : 'no'],
    ['', 'documents', bytes ? 'text and bytes' : 'text'],
  ];
  const lines = rows.map(([promise, what, here]) => `| ${promise === '' ? '' : `${promise} `}| ${what} | ${here} |`);
  return ['| | | |', '|---|---|---|', ...lines].join('\n');
}

/** The section of a page under a heading. */
export function sectionOf(page: string, heading: string): string {
  return readFileSync(join(root, page), 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
}

/** The options that a page lists, and those of the source. */
export function optionsOf(page: string, file: string): { readonly listed: string[]; readonly known: string[] } {
  const source = readFileSync(join(root, file), 'utf8');
  const members = /interface \w+StoreOptions \{([\s\S]*?)^\}/m.exec(source)?.[1] ?? '';
  const names = (matches: Iterable<RegExpMatchArray>) => [...matches].map(([, name = '']) => name).sort();
  return {
    listed: names(sectionOf(page, 'Options').matchAll(/^\| `(\w+)` \|/gm)),
    known: names(members.matchAll(/^ {2}readonly (\w+)\??:/gm)),
  };
}
