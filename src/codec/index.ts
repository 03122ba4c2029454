/** How records become documents: the native codec, its tags, and what a codec of your own must do. */

export type { Authenticated, Codec, Data, DecodedRecord, Meta } from './contract.ts';
export { codecWith, type NativeCodec, type NativeCodecOptions, nativeCodec } from './native.ts';
export type { Tag } from './tag.ts';
export { TaggedJson, type TaggedJsonOptions } from './tagged-json.ts';
export { Markup, Tuple, Uuid } from './values.ts';
