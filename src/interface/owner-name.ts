import type { DecodedRecord } from '../codec/contract.ts';
import { CoatcheckError } from '../errors.ts';
import { hashName } from '../keys/ids.ts';
import type { Owner } from '../store/contract.ts';
import type { CommonSettings } from './settings.ts';

/** Whose session a record is: who logged in, else what `ownerOf` says. Empty answers of all kinds mean nobody. */
export function ownerName({ meta, data }: DecodedRecord, settings: CommonSettings): string | undefined {
  if (meta.authenticated !== undefined) return meta.authenticated.user;
  const name: unknown = settings.ownerOf?.(data);
  if (name === undefined || name === null || name === '') return undefined;
  if (typeof name === 'string' || typeof name === 'number' || typeof name === 'bigint') return String(name);
  throw new CoatcheckError(
    'OPTION_INVALID',
    'ownerOf must return text or a number that names the owner, or undefined.',
  );
}

/** The same as a store is told of it; undefined for nobody's. */
export function ownerOf(record: DecodedRecord, settings: CommonSettings): Owner | undefined {
  const name = ownerName(record, settings);
  return name === undefined ? undefined : { name: hashName(name), until: settings.lifetime.latest(record.meta) };
}
