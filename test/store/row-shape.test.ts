import { expect, test } from 'vitest';
import { closedDocument } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/index.ts';
import { recordOf, rowOf } from '../../src/store/row-shape.ts';

const KEY = 'a'.repeat(64);
const META = { created: 1, commits: 1, nonces: ['x'] };
const native = nativeCodec();
const end = Date.now() + 3_600_000;

/** Through a back end that keeps text, and through one that keeps objects. */
function kept(document: string | Uint8Array): { readonly row: any; readonly back: unknown } {
  const row: any = rowOf(KEY, document, end);
  expect(recordOf(row).document).toEqual(document);
  return { row, back: recordOf(JSON.parse(JSON.stringify(row))).document };
}

test('a record of the default codec stands at the top of its row, and comes back to the character', () => {
  const document = native.encode({
    data: { user: 'ann', seen: new Date(5), cart: new Map([['a', 1n]]), 7: [null, -1.5e300], '': 'ä\u2028' },
    meta: { ...META, permanent: true },
  }) as string;
  const { row, back } = kept(document);
  expect(back).toBe(document);
  expect(row).toMatchObject({
    user: 'ann',
    '': 'ä\u2028',
    coatcheck: { key: KEY, meta: { format: 1, permanent: true } },
  });
  expect(Object.keys(row).sort()).toEqual(['', '7', 'cart', 'coatcheck', 'cookie', 'seen', 'user']);
});

test.each(['cookie', 'coatcheck', '__lastAccess', 'lastModified'])(
  'data under the name %s, which is not the user’s in a row, is kept all the same',
  (name) => {
    const document = native.encode({ data: { [name]: 'mine', user: 'ann' }, meta: META }) as string;
    const { row, back } = kept(document);
    expect(back).toBe(document);
    expect(row).not.toHaveProperty('user');
    expect(row.cookie).not.toBe('mine');
  },
);

test.each([
  ['closed', closedDocument('nonce')],
  ['of another codec', '{"user":"ann"}'],
  ['with white space', '{"meta":{ "a":1},"data":{}}'],
  ['with a number that JSON.parse rounds', '{"meta":{"a":1},"data":{"n":12345678901234567890}}'],
  ['with a key twice', '{"meta":{"a":1},"data":{"n":1,"n":2}}'],
  ['with a third part', '{"meta":{"a":1},"data":{},"more":1}'],
  ['that some serializers cut', '{"meta":{"a":1},"data":{"__proto__":1}}'],
  ['that some serializers call', '{"meta":{"a":1},"data":{"toJSON":1}}'],
  ['that ends early', '{"meta":{"a":1'],
  ['empty', ''],
  ['of bytes', Uint8Array.of(123, 0, 255)],
])('a document %s stands beside the data as it is', (_what, document) => {
  const { row, back } = kept(document);
  expect(back).toEqual(document);
  expect(Object.keys(row)).toEqual(['cookie', 'coatcheck']);
});

test('what a back end wrote into the row beside us does not become data, and what a JSON column put in order is the same record', () => {
  const document = native.encode({ data: { user: 'ann', a: 1 }, meta: META }) as string;
  const row: any = JSON.parse(JSON.stringify(rowOf(KEY, document, end)));
  const { coatcheck, cookie, user, a } = row;
  const record = recordOf({ a, coatcheck, user, cookie, __lastAccess: 5, lastModified: 'x' } as any);
  expect(native.decode(record.document)).toEqual(native.decode(document));
});
