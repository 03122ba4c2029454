import type { DecodedRecord } from '../codec/contract.ts';
import type { CommonSettings } from './settings.ts';

/** Whose session a record is: who logged in, else what `ownerOf` says. Empty answers of all kinds mean nobody. */
export function ownerName({ meta, data }: DecodedRecord, settings: CommonSettings): string | undefined {
  if (meta.authenticated !== undefined) return meta.authenticated.user;
  const name: unknown = settings.ownerOf?.(data);
  return name === undefined || name === null || name === '' ? undefined : String(name);
}
