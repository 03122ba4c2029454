import { CoatcheckError } from '../errors.ts';
import type { Document, StoredRecord } from './contract.ts';

/** The columns of a record beside its document, which each database keeps in its own way. Times are milliseconds since 1970. */
export interface SqlRow {
  readonly version: string;
  readonly expires_at: number | string;
  readonly owner: string | null;
  readonly owner_until: number | string | null;
}

/** The last millisecond that a Date can say. */
const LAST_TIME = 8.64e15;

/**
 * A row as the store gives it back.
 *
 * @param document undefined where the column has nothing that we wrote
 * @throws CoatcheckError `STORE_FAILED` for a row that no coatcheck wrote
 */
export function recordFrom(store: string, verb: string, row: SqlRow, document: Document | undefined): StoredRecord {
  const { version, owner } = row;
  const expiresAt = timeFrom(row.expires_at);
  if (document === undefined || expiresAt === undefined || typeof version !== 'string') throw foreignRow(store, verb);
  if (owner === null) return { document, version, expiresAt };
  const until = timeFrom(row.owner_until);
  if (until === undefined) throw foreignRow(store, verb);
  return { document, version, expiresAt, owner: { name: owner, until } };
}

/** Somebody else wrote into the table. */
export function foreignRow(store: string, verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `${store} store, ${verb}: what stands under this key is no record of coatcheck: give coatcheck a \`table\` of its own.`,
    { outcome: 'none' },
  );
}

function timeFrom(value: number | string | null): number | undefined {
  const time = value === null ? Number.NaN : Number(value);
  return Number.isFinite(time) ? time : undefined;
}

/**
 * A time as a column that counts in whole milliseconds takes it: a fraction is rounded up.
 *
 * @throws CoatcheckError `OPTION_INVALID` for what is no time
 */
export function wholeTime(store: string, time: number): number {
  if (time >= 0 && time <= LAST_TIME) return Math.ceil(time);
  throw new CoatcheckError('OPTION_INVALID', `${store} store: a time must be milliseconds since 1970.`, {
    outcome: 'none',
  });
}
