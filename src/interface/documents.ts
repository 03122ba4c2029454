import { checkBounds, checkDocument, type Limits } from '../codec/bounds.ts';
import { refuseReserved } from '../codec/closed.ts';
import type { Codec, Data, DecodedRecord, Meta } from '../codec/contract.ts';
import { boundedDecode, shortEncode } from '../codec/native.ts';
import { valueText } from '../codec/text.ts';
import { type ReadRecord, stillWithin, type Untouched } from '../codec/untouched.ts';
import { CoatcheckError } from '../errors.ts';
import type { Document, StoredRecord } from '../store/contract.ts';

/** How many commits a record remembers by their nonces. */
export const NONCES_KEPT = 8;

/** Records in and out of documents, with the bounds that hold for every codec (R82). */
export class Documents {
  readonly limits: Limits;
  readonly textOf: (value: unknown) => string;
  /** The same for an object in a handler's hands, whose arrays may have got any length: bounds first. */
  readonly heldText: (value: unknown) => string;
  readonly copyOf: <T>(value: T) => T;
  readonly #codec: Codec;

  constructor(codec: Codec, limits: Limits) {
    this.#codec = codec;
    this.limits = limits;
    const { textOf, copyOf } = valueText(codec);
    // An absent key has a text too: one that no value has.
    this.textOf = (value) => (value === undefined ? '' : textOf(value));
    this.heldText = (value) => {
      checkBounds(value, limits, 'value');
      return this.textOf(value);
    };
    this.copyOf = copyOf;
  }

  /**
   * @param untouched what of the data is as this codec read it
   * @throws CoatcheckError `SESSION_TOO_LARGE`, `KEY_FORBIDDEN`, `VALUE_UNSUPPORTED`, `CODEC_RESERVED`
   */
  encode(record: DecodedRecord, untouched?: Untouched): Document {
    if (untouched === undefined || !stillWithin(record.data, untouched, this.limits)) {
      checkBounds(record.data, this.limits);
    }
    const short = untouched === undefined ? undefined : shortEncode(this.#codec);
    const document = short === undefined ? this.#encodeAll(record) : short(record, untouched);
    checkDocument(document, this.limits);
    return document;
  }

  #encodeAll(record: DecodedRecord): Document {
    const document = this.#codec.encode(record);
    if (typeof document !== 'string' && !(document instanceof Uint8Array)) {
      throw new CoatcheckError('OPTION_INVALID', 'codec.encode must return text or a Uint8Array, and not a promise.');
    }
    refuseReserved(document);
    return document;
  }

  /** @throws CoatcheckError `DOCUMENT_NEWER` for a later format, `DOCUMENT_UNREADABLE` for anything that is no record */
  decode(document: Document): ReadRecord {
    try {
      checkDocument(document, this.limits);
      const bounded = boundedDecode(this.#codec);
      if (bounded !== undefined) return bounded(document, this.limits);
      const decoded = this.#codec.decode(document);
      if (!isData(decoded.data)) throw new TypeError('no usable data');
      if (!isMeta(decoded.meta)) throw new TypeError('no usable meta');
      checkBounds(decoded.data, this.limits);
      return decoded;
    } catch (error) {
      if (error instanceof CoatcheckError && error.code === 'DOCUMENT_NEWER') throw error;
      throw new CoatcheckError(
        'DOCUMENT_UNREADABLE',
        'A stored session could not be read; its visitor gets a new one.',
        {
          cause: error,
        },
      );
    }
  }

  /** What a stored record says, where it can be read. */
  readable(record: StoredRecord): ReadRecord | undefined {
    try {
      return this.decode(record.document);
    } catch {
      return undefined;
    }
  }

  /** The data of a document as it was stored, in objects that nobody else holds. */
  data(document: Document): Data {
    return this.decode(document).data;
  }
}

/** Meta of the commit that follows: one more, and its nonce the latest. */
export function nextMeta(meta: Meta, nonce: string): Meta {
  return { ...meta, commits: meta.commits + 1, nonces: [...meta.nonces.slice(1 - NONCES_KEPT), nonce] };
}

function isData(data: unknown): boolean {
  return typeof data === 'object' && data !== null && !Array.isArray(data);
}

/** The native codec checks more; a codec of the user's may check nothing. */
function isMeta({ created, authenticated, commits, nonces }: Meta): boolean {
  return (
    isTime(created) &&
    (authenticated === undefined || isTime(authenticated.at)) &&
    Number.isSafeInteger(commits) &&
    Array.isArray(nonces)
  );
}

function isTime(time: number): boolean {
  return Number.isFinite(time) && time >= 0;
}
