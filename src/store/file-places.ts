import { join } from 'node:path';
import { fileError } from './file-errors.ts';

/** The folders below the store's own. */
export const ROOMS = ['records', 'documents', 'owners', 'new'] as const;

/** Where a record lies. */
export interface Place {
  readonly key: string;
  /** The folder that holds its label. */
  readonly record: string;
  /** Followed by a label's id: its document. */
  readonly document: string;
  /** Followed by a label's id: the folder in which it is made ready. */
  readonly fresh: string;
}

const KEY = /^(?:[a-z][a-z0-9-]{0,31}:)?([0-9a-f]{64})$/;
const NAME = /^(?:[a-z][a-z0-9-]{0,31}\.)?[0-9a-f]{64}$/;
const OWNER = /^[0-9a-f]{64}$/;

/**
 * The names of everything, made of nothing but checked keys and owners: no text that came from outside ever becomes
 * part of a path. Two digits of the hash choose one of 256 folders, so that none grows large.
 */
export class Places {
  readonly folder: string;

  /** The file that says whose folder it is, and the number of its layout. */
  readonly format: string;

  constructor(folder: string) {
    this.folder = folder;
    this.format = join(folder, 'format');
  }

  /** @throws CoatcheckError `STORE_FAILED` for what is no key */
  of(key: string, verb: string): Place {
    const hash = KEY.exec(key)?.[1];
    if (hash === undefined) throw fileError(verb, 'a key is 64 hexadecimal digits, with `space:` in front or not');
    const name = key.replace(':', '.');
    const shard = hash.slice(0, 2);
    return {
      key,
      record: join(this.folder, 'records', shard, name),
      document: join(this.folder, 'documents', shard, `${name}_`),
      fresh: join(this.folder, 'new', `${name}_`),
    };
  }

  /** @throws CoatcheckError `STORE_FAILED` for what is no owner */
  owner(name: string, verb: string): string {
    checkOwner(name, verb);
    return join(this.folder, 'owners', name.slice(0, 2), name);
  }

  room(room: (typeof ROOMS)[number], ...below: readonly string[]): string {
    return join(this.folder, room, ...below);
  }
}

export function checkOwner(name: string, verb: string): void {
  if (!isOwner(name)) throw fileError(verb, 'an owner is 64 hexadecimal digits');
}

export function isOwner(name: string): boolean {
  return OWNER.test(name);
}

export function isShard(name: string): boolean {
  return /^[0-9a-f]{2}$/.test(name);
}

/** The name of an entry in an owner's folder. */
export function entryName(key: string, { until, entry }: { readonly until: number; readonly entry: string }): string {
  return `${until}_${key.replace(':', '.')}_${entry}`;
}

/** What such a name says; undefined for what no coatcheck wrote. */
export function readEntry(
  name: string,
): { readonly key: string; readonly until: number; readonly entry: string } | undefined {
  const [until = '', record = '', entry = ''] = name.split('_');
  const key = keyOf(record);
  return key === undefined || until === '' || Number.isNaN(Number(until))
    ? undefined
    : { key, until: Number(until), entry };
}

/** The key that a folder of a record is named after; undefined for what no coatcheck made. */
export function keyOf(name: string): string | undefined {
  return NAME.test(name) ? name.replace('.', ':') : undefined;
}

/** Key and id in the name of a document; undefined for what no coatcheck wrote. */
export function readDocumentName(name: string): { readonly key: string; readonly id: string } | undefined {
  const at = name.indexOf('_');
  const key = at < 0 ? undefined : keyOf(name.slice(0, at));
  return key === undefined ? undefined : { key, id: name.slice(at + 1) };
}
