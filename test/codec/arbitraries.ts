import fc from 'fast-check';
import { Markup, Tuple, Uuid } from '../../src/codec/values.ts';

/** Keys that look like tags, escaped tags, indices and code points that sort unlike their units, among any others. */
export const key: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(
      ' t',
      ' b',
      ' m',
      ' u',
      ' d',
      ' di',
      ' t__',
      ' di__',
      ' q',
      '10',
      '9',
      '\u{1f600}',
      '\ue000',
      '\ud800',
    ),
  )
  .filter((text) => !['__proto__', 'constructor', 'prototype'].includes(text));

const ownKey = fc.oneof(key, fc.constantFrom(' D', ' M', ' S', ' n', ' l', ' f', ' D__'));
const uuid = fc.uuid().map((text) => new Uuid(text));
const markup = fc.string().map((text) => new Markup(text));
const bytes = fc.uint8Array().map((array) => Uint8Array.from(array));
const second = fc
  .date({ min: new Date(Date.UTC(100, 0, 1)), max: new Date(Date.UTC(9999, 11, 31)), noInvalidDate: true })
  .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000));
const text = fc.string({ unit: 'binary' });

// Python has two kinds of number and prints some of them unlike JavaScript.
const pythonNumber = fc.oneof(fc.integer(), fc.double({ min: -1e15, max: 1e15, noInteger: true, noNaN: true }));

/** What Flask can hold: values of its six tags in objects, lists and tuples. */
export const flaskValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, pythonNumber, fc.boolean(), fc.constant(null), uuid, markup, bytes, second),
    tie('object'),
    tie('list'),
    tie('list').map((list) => Tuple.from(list as unknown[])),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  list: fc.array(tie('value'), { maxLength: 3 }),
})).value;

/** Whatever can be encoded: the same, with our own tags. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      text,
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      uuid,
      markup,
      bytes,
      second,
      fc.date({ noInvalidDate: true }),
      fc.bigInt(),
      fc.webUrl({ withQueryParameters: true }).map((url) => new URL(url)),
    ),
    tie('object'),
    tie('list'),
    tie('list').map((list) => Tuple.from(list as unknown[])),
    tie('list').map((list) => new Set(list as unknown[])),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  ),
  object: fc.dictionary(ownKey, tie('value'), { maxKeys: 3, noNullPrototype: true }),
  list: fc.array(tie('value'), { maxLength: 3 }),
})).value;
