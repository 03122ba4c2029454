import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { sha256 } from '../../keys/hash.ts';
import { usage } from '../exit.ts';
import { identityOf, type Place } from '../store.ts';
import { Counts, type CountsText } from './counts.ts';

/** The number of the file's form. */
const FORMAT = 1;

/** How far a migration is. */
export interface Progressed {
  /** Where the walk goes on; undefined at the beginning. */
  readonly cursor: string | undefined;
  readonly counts: Counts;
  /** How many records there were when somebody counted. */
  readonly total: number | undefined;
}

interface StateText {
  readonly coatcheck: 'migrate';
  readonly format: number;
  readonly pair: string;
  readonly cursor: string;
  readonly total?: number;
  readonly counts: CountsText;
}

/**
 * The note of how far a migration is, in a file for its owner only: a cursor may be a key of the store. It is written
 * whole after every page, so that a process that is killed at any moment leaves the last page or the one before.
 */
export class StateFile {
  readonly path: string;
  readonly #pair: string;

  /** @param path default: a file of the current folder, named by the two stores */
  constructor(from: Place, to: Place, path?: string) {
    this.#pair = pairOf(from, to);
    this.path = path ?? `coatcheck-migrate-${this.#pair.slice(0, 12)}.json`;
  }

  /** @throws CoatcheckError `USAGE` for a file that is of something else */
  read(): Progressed | undefined {
    let text: string;
    try {
      text = readFileSync(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw usage(`The file of --state cannot be read (${(error as NodeJS.ErrnoException).code})`);
    }
    const state = parsed(text);
    if (state?.coatcheck !== 'migrate' || state.format !== FORMAT) {
      throw usage('The file of --state is none of coatcheck migrate, or of another version. Name another one');
    }
    if (state.pair !== this.#pair) {
      throw usage('The file of --state is of a migration between other stores. Name another one');
    }
    return { cursor: state.cursor, counts: new Counts(state.counts), total: state.total };
  }

  write(cursor: string, { counts, total }: Pick<Progressed, 'counts' | 'total'>): void {
    const state: StateText = {
      coatcheck: 'migrate',
      format: FORMAT,
      pair: this.#pair,
      cursor,
      ...(total !== undefined && { total }),
      counts: counts.toJSON(),
    };
    const fresh = `${this.path}.new`;
    try {
      writeFileSync(fresh, `${JSON.stringify(state)}\n`, { mode: 0o600 });
      renameSync(fresh, this.path);
    } catch (error) {
      throw usage(`The file of --state cannot be written (${(error as NodeJS.ErrnoException).code}). Name another one`);
    }
  }

  remove(): void {
    rmSync(this.path, { force: true });
    rmSync(`${this.path}.new`, { force: true });
  }
}

/** Names two stores without their passwords, which may change between two runs. */
function pairOf(from: Place, to: Place): string {
  return sha256([from, to].map(identityOf).join('\n'), 'hex');
}

function parsed(text: string): StateText | undefined {
  try {
    return JSON.parse(text) as StateText;
  } catch {
    return undefined;
  }
}
