import type { StoredRecord, Version } from './contract.ts';

/** A version of the old store, or of the new one with the expiry that the record had there. */
export type Place =
  | { readonly in: 'from'; readonly version: Version }
  | { readonly in: 'to'; readonly version: Version; readonly expiresAt: number };

const SHAPE = /^(?:from|to@(-?[\d.e+]+)):([#$])([\s\S]*)$/;

/** A record of the old store, as the migrating one shows it. */
export function shownOld(record: StoredRecord): StoredRecord {
  return { ...record, version: `from:${spelled(record.version)}` };
}

/** A record of the new store, as the migrating one shows it. */
export function shownNew(record: StoredRecord): StoredRecord {
  return { ...record, version: versionInNew(record.version, record.expiresAt) };
}

export function versionInNew(version: Version, expiresAt: number): string {
  return `to@${expiresAt}:${spelled(version)}`;
}

/** What a version says; undefined for one that the migrating store never gave. */
export function placeOf(version: Version): Place | undefined {
  const [, expiresAt, kind, text] = SHAPE.exec(String(version)) ?? [];
  if (kind === undefined || text === undefined) return undefined;
  const inner = kind === '#' ? Number(text) : text;
  return expiresAt === undefined
    ? { in: 'from', version: inner }
    : { in: 'to', version: inner, expiresAt: Number(expiresAt) };
}

/** Stores may compare by `===`, so that 1 must not come back as '1'. */
function spelled(version: Version): string {
  return `${typeof version === 'number' ? '#' : '$'}${version}`;
}
