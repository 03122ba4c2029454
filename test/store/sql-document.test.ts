import { describe, expect, test } from 'vitest';
import { documentFromBytes, documentFromJson, jsonFrom, wrapped } from '../../src/store/sql-document.ts';

describe('a column for JSON', () => {
  test.each(['{}', '{"a": 1 }\n', '{"~closed":"nonce"}', '{"~texts":1}', '{"~text" :"x"}'])(
    'keeps %j as it is',
    (document) => {
      expect(jsonFrom(document)).toBe(document);
      expect(documentFromJson(document)).toBe(document);
    },
  );

  test.each([
    '',
    'text',
    '007.50',
    '[1]',
    'null',
    '"x"',
    '\ufeff{}',
    'a\0b',
    '{"~text":"x"}',
    '{"~bytes":"AA=="}',
    ' {}',
  ])('has %j in an object, and gives it back', (document) => {
    const kept = jsonFrom(document);
    expect(kept).not.toBe(document);
    expect(typeof JSON.parse(kept)).toBe('object');
    expect(kept).not.toContain('\0');
    expect(documentFromJson(kept)).toBe(document);
  });

  test('takes what only looks like an object in the second form', () => {
    for (const document of ['{broken', '{"a":\0}', '{"~text":']) {
      expect(documentFromJson(wrapped(document))).toBe(document);
    }
  });

  test('keeps bytes as base64, and gives a Uint8Array of its own', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
    const kept = jsonFrom(bytes.subarray(3, 200));
    expect(JSON.parse(kept)).toEqual({ '~bytes': Buffer.from(bytes.subarray(3, 200)).toString('base64') });
    const back = documentFromJson(kept);
    expect(back).toEqual(bytes.slice(3, 200));
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
  });

  test.each(['[1]', '1', 'null', '"x"', '{"~text":1}', '{"~bytes":null}', '{"~text":broken'])(
    'with %j in it has nothing that we wrote',
    (json) => {
      expect(documentFromJson(json)).toBeUndefined();
    },
  );
});

test('a column for bytes gives a text back with its byte order mark, and bytes as an Uint8Array of its own', () => {
  const text = '\ufeff\0é';
  expect(documentFromBytes(new TextEncoder().encode(text), true)).toBe(text);
  const bytes = documentFromBytes(Buffer.from([0, 255]), false);
  expect(bytes).toEqual(Uint8Array.of(0, 255));
  expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
});
