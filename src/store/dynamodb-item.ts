import { CoatcheckError } from '../errors.ts';
import type { Document, Owner, StoredRecord } from './contract.ts';

/** A value of DynamoDB in its wire form; the other types are not ours. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array;
}

export type Item = Readonly<Record<string, AttributeValue>>;

/** The sort key of every record. */
const RECORD: AttributeValue = { S: 'record' };

/** In front of an owner's name in the partition key of the list. No name space begins with `~`. */
const LIST = '~owner:';

/** An item ends at 409,600 bytes, names of attributes included; the rest is for all that is not the document. */
export const MAX_BYTES = 400_000;

/** How much longer than the record's life DynamoDB keeps it, in seconds. */
const TTL_SLACK = 60;
const MAX_TIME = 8.64e15;

export function recordKey(key: string): Item {
  return { pk: { S: key }, sk: RECORD };
}

export function listName(owner: string): AttributeValue {
  return { S: LIST + owner };
}

export function entryKey(owner: string, key: string): Item {
  return { pk: listName(owner), sk: { S: key } };
}

/** The whole item of a record. */
export function recordItem(
  key: string,
  version: string,
  document: Document,
  expiresAt: number,
  owner: Owner | undefined,
): Item {
  const item = {
    pk: { S: key },
    sk: RECORD,
    document: documentValue(document),
    version: { S: version },
    expiresAt: timeValue(expiresAt),
    ttl: ttlValue(expiresAt),
  };
  if (owner === undefined) return item;
  return { ...item, owner: { S: owner.name }, until: timeValue(owner.until), entry: { S: version } };
}

/** The record in an item; undefined for what no coatcheck wrote. */
export function recordOf(item: Item): StoredRecord | undefined {
  const text = item.document?.S;
  const bytes = item.document?.B;
  const document = text ?? (bytes && new Uint8Array(bytes));
  const version = item.version?.S;
  const expiresAt = numberOf(item.expiresAt);
  if (document === undefined || version === undefined || expiresAt === undefined) return undefined;
  if (item.owner === undefined) return { document, version, expiresAt, owner: undefined };
  const name = item.owner.S;
  const until = numberOf(item.until);
  return name === undefined || until === undefined
    ? undefined
    : { document, version, expiresAt, owner: { name, until } };
}

export function numberOf(value: AttributeValue | undefined): number | undefined {
  return value?.N === undefined ? undefined : Number(value.N);
}

/** A copy: the client sends it later, when the caller's bytes may have changed. */
export function documentValue(document: Document): AttributeValue {
  return typeof document === 'string' ? { S: document } : { B: new Uint8Array(document) };
}

/** DynamoDB keeps 38 digits, so that every number of ours comes back as it was given. */
export function timeValue(time: number): AttributeValue {
  if (time >= 0 && time <= MAX_TIME) return { N: String(time) };
  throw new CoatcheckError('OPTION_INVALID', 'DynamoDB store: a time must be milliseconds since 1970.', {
    outcome: 'none',
  });
}

export function ttlValue(time: number): AttributeValue {
  return { N: String(Math.ceil(time / 1000) + TTL_SLACK) };
}
