import { CoatcheckError } from '../errors.ts';
import type { Document } from '../store/contract.ts';
import { checkBounds, type Limits } from './bounds.ts';
import { plainMembers } from './bounds-fast.ts';
import type { Codec, DecodedRecord } from './contract.ts';
import { checkMeta } from './meta.ts';
import { isPlain } from './plain.ts';
import type { Tag } from './tag.ts';
import { parseJson, unreadable } from './tag-decode.ts';
import { TaggedJson } from './tagged-json.ts';
import type { ReadRecord, Untouched } from './untouched.ts';

/** The number of the format that `docs/format.md` describes; grows only where an older reader would go wrong. */
export const FORMAT = 1;

export interface NativeCodecOptions {
  /**
   * Tags for values of your own types. Add a tag in one release and use it in the next: a process that does not know a tag
   * reads a plain object.
   */
  readonly tags?: readonly Tag[];
}

/** The codec that a session has unless told otherwise, with both value verbs. */
export type NativeCodec = Required<Codec>;

/**
 * Documents of compact tagged JSON: `{"meta":{"format":1,...},"data":{...}}`, described to the byte in
 * `docs/format.md`. Members of meta that this version does not know survive a round trip.
 *
 * `encode` throws CoatcheckError `VALUE_UNSUPPORTED`, `KEY_FORBIDDEN` or `SESSION_TOO_LARGE` (a value that contains
 * itself). `decode` takes text or UTF-8 bytes and throws `DOCUMENT_NEWER` for a later format, `DOCUMENT_UNREADABLE`
 * for anything else that it would not have written.
 *
 * @throws CoatcheckError `TAG_INVALID` for a tag that is malformed or taken.
 * @example
 * const sessions = createSessions({ codec: nativeCodec({ tags: [money] }) });
 */
export function nativeCodec(options: NativeCodecOptions = {}): NativeCodec {
  const json = new TaggedJson(options.tags === undefined ? {} : { tags: options.tags });
  const codec: NativeCodec = {
    encode: (record) => encode(json, record),
    decode: (document) => decode(json, document),
    encodeValue: (value) => json.dumps(value),
    decodeValue: (text) => json.loads(text),
  };
  boundedDecodes.set(codec.decode, (document, limits) => decode(json, document, limits));
  // A user's tag may want what was read as plain JSON.
  if (!options.tags?.length) shortEncodes.set(codec.encode, (record, untouched) => encode(json, record, untouched));
  return codec;
}

/** A `decode` that looks at the bounds of the data as well. */
type BoundedDecode = (document: Document, limits: Limits) => ReadRecord;

/** An `encode` that does not look for tags where none can be. */
type ShortEncode = (record: DecodedRecord, untouched: Untouched | undefined) => Document;

// By the very function: whoever wraps it, or puts another in its place, has a codec of his own.
const boundedDecodes = new WeakMap<Codec['decode'], BoundedDecode>();

const shortEncodes = new WeakMap<Codec['encode'], ShortEncode>();

/** The `decode` of a native codec that refuses what `checkBounds` refuses, in one walk; undefined for other codecs. */
export function boundedDecode(codec: Codec): BoundedDecode | undefined {
  return boundedDecodes.get(codec.decode);
}

/** The `encode` of a native codec without tags of the user's; undefined for other codecs. */
export function shortEncode(codec: Codec): ShortEncode | undefined {
  return shortEncodes.get(codec.encode);
}

/** The same with tags as arguments. */
export function codecWith(...tags: readonly Tag[]): NativeCodec {
  return nativeCodec({ tags });
}

function encode(json: TaggedJson, { data, meta }: DecodedRecord, untouched?: Untouched): string {
  // A root that no tag takes: reading it back would give something else than a record.
  if (!isPlain(data)) throw new CoatcheckError('VALUE_UNSUPPORTED', 'The data of a session must be a plain object.');
  const metaText = json.dumpsObject(Object.hasOwn(meta, 'format') ? withoutFormat(meta) : meta);
  const comma = metaText === '{}' ? '' : ',';
  return `{"meta":{"format":${FORMAT}${comma}${metaText.slice(1)},"data":${json.dumpsObject(data, untouched)}}`;
}

function decode(json: TaggedJson, document: Document, limits?: Limits): ReadRecord {
  const text = typeof document === 'string' ? document : utf8(document);
  const parsed = parseJson(text);
  // Before anything else is judged: a later format may have other rules for all of it.
  checkFormat(parsed);
  const members = limits === undefined ? -1 : membersOf(parsed as Record<string, unknown>, limits);
  const { meta: wholeMeta, data } = (members < 0 ? json.untag(parsed, text) : parsed) as Record<string, unknown>;
  if (!isObject(wholeMeta) || !isPlain(wholeMeta)) throw unreadable('meta is no object');
  if (!isObject(data) || !isPlain(data)) throw unreadable('data is no object');
  const meta = withoutFormat(wholeMeta);
  checkMeta(meta);
  if (members >= 0) return { data, meta, members };
  if (limits !== undefined) checkBounds(data, limits);
  return { data, meta };
}

/** How many members the data has, where nothing in all of it is to be turned back; else -1. */
function membersOf({ meta, data }: Record<string, unknown>, limits: Limits): number {
  if (!isObject(meta) || !isObject(data) || plainMembers(meta, 0, limits) < 0) return -1;
  return plainMembers(data, 0, limits);
}

function checkFormat(parsed: unknown): void {
  const meta = isObject(parsed) ? parsed.meta : undefined;
  const format = isObject(meta) ? meta.format : undefined;
  if (!Number.isSafeInteger(format) || (format as number) < 1) throw unreadable('it has no meta.format');
  if ((format as number) > FORMAT) {
    throw new CoatcheckError(
      'DOCUMENT_NEWER',
      `The document has format ${format}, this version reads up to ${FORMAT}; upgrade coatcheck in this process.`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A loop: leaving one member out by rest syntax costs three times as much, on every read. */
function withoutFormat(meta: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rest: Record<string, unknown> = {};
  for (const name of Object.keys(meta)) if (name !== 'format') rest[name] = meta[name];
  return rest;
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('it is not UTF-8');
  }
}
