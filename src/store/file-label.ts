import type { Owner, Version } from './contract.ts';

/**
 * All that is known of a record but its document. It is the name of an empty file, the only one in the record's folder,
 * so that one rename changes all of it at once:
 *
 *     <id>_<count>_<expiresAt>_<t or b><size>[_<until>_<entry>_<owner>]
 */
export interface Label {
  /** Names the document: random, and never given twice. */
  readonly id: string;
  /** Counts up where the version changes and the document stays. */
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly isText: boolean;
  /** Of the document, in bytes. */
  readonly size: number;
  readonly owner: Listed | undefined;
}

/** The owner, and what tells this record's entry in the owner's folder from those of others under the same key. */
export interface Listed extends Owner {
  readonly entry: string;
}

const SHAPE =
  /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})_(\d+)_(-?[\d.]+(?:e[+-]\d+)?)_([tb])(\d+)(?:_(-?[\d.]+(?:e[+-]\d+)?)_([0-9a-f]{8})_([0-9a-f]{64}))?$/;

export function labelName({ id, count, expiresAt, isText, size, owner }: Label): string {
  const name = `${id}_${count}_${expiresAt}_${isText ? 't' : 'b'}${size}`;
  return owner === undefined ? name : `${name}_${owner.until}_${owner.entry}_${owner.name}`;
}

/** The label that a file's name is; undefined for what no coatcheck wrote. */
export function readLabel(name: string): Label | undefined {
  const match = SHAPE.exec(name);
  if (match === null) return undefined;
  const [, id = '', count, expiresAt, kind, size, until, entry = '', owner] = match;
  const label: Label = {
    id,
    count: Number(count),
    expiresAt: Number(expiresAt),
    isText: kind === 't',
    size: Number(size),
    owner: owner === undefined ? undefined : { name: owner, until: Number(until), entry },
  };
  // Another spelling of the same is a name that nobody could take away: it is written anew whenever it is meant.
  return labelName(label) === name ? label : undefined;
}

/** Changes with every write, and with the sweep that fences off a writer which was given up. */
export function versionOf({ id, count }: Label): Version {
  return `${id}_${count}`;
}
