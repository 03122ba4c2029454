import { binaryText } from './base64.ts';
import type { Codec, Meta } from './contract.ts';

/** What the session needs to see whether a value changed, and to hand out private copies. */
export interface ValueText {
  /** Equal texts mean equal values. Throws what the codec's `encode` throws. */
  textOf(value: unknown): string;
  /** A copy that shares nothing with the value. Throws what the codec throws. */
  copyOf<T>(value: T): T;
}

const BLANK: Meta = Object.freeze({ created: 0, commits: 0, nonces: Object.freeze([]) });

/** Values as text by any codec: by its value verbs where it has them, else by a record that holds nothing else. */
export function valueText(codec: Codec): ValueText {
  const encode = (value: unknown) => codec.encode({ data: { value }, meta: BLANK });
  const textOf =
    codec.encodeValue?.bind(codec) ??
    ((value: unknown) => {
      const document = encode(value);
      return typeof document === 'string' ? document : binaryText(document);
    });
  const { encodeValue, decodeValue } = codec;
  const copyOf =
    encodeValue !== undefined && decodeValue !== undefined
      ? <T>(value: T): T => decodeValue.call(codec, encodeValue.call(codec, value)) as T
      : <T>(value: T): T => codec.decode(encode(value)).data.value as T;
  return { textOf, copyOf };
}
