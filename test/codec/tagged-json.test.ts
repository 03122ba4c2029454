import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tag } from '../../src/codec/tag.ts';
import { TaggedJson } from '../../src/codec/tagged-json.ts';
import { Markup, Tuple, Uuid } from '../../src/codec/values.ts';
import { anyValue } from './arbitraries.ts';
import vectors from './vectors.json' with { type: 'json' };

const json = new TaggedJson();
const failure = (act: () => unknown): any => {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

function typed(value: any): unknown {
  if (Array.isArray(value)) return value.map(typed);
  if (typeof value !== 'object' || value === null) return value;
  if (value.$t === 'tuple') return Tuple.from(value.v.map(typed));
  if (value.$t === 'bytes') return Uint8Array.from(Buffer.from(value.hex, 'hex'));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, typed(member)]));
}

describe('tagged JSON', () => {
  it('gives back any value as it was, and writes the same text for it again', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = json.dumps(value);
        const back = json.loads(text);
        expect(back).toStrictEqual(value);
        expect(json.dumps(back)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('reads the same from text with white space, sorted keys and escapes', () => {
    const other = new TaggedJson({ sortKeys: true, ascii: true });
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(json.loads(JSON.stringify(JSON.parse(json.dumps(value)), null, '\t'))).toStrictEqual(value);
        expect(other.loads(other.dumps(value))).toStrictEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  it.each(vectors)('writes what Flask writes, byte for byte: $id', ({ payload, payload_json }) => {
    const flask = new TaggedJson({ sortKeys: true, ascii: true });
    expect(flask.dumps(typed(payload))).toBe(payload_json);
    expect(flask.loads(payload_json)).toStrictEqual(typed(payload));
  });

  it('sorts by code point and escapes as Python does where asked to', () => {
    const flask = new TaggedJson({ sortKeys: true, ascii: true });
    expect(flask.dumps({ '\u{1f600}': 1, '\ue000': 2, 10: 3, 9: 4, a: '\u007f\n"\\/é\ud800\u0001' })).toBe(
      '{"10":3,"9":4,"a":"\\u007f\\n\\"\\\\/\\u00e9\\ud800\\u0001","\\ue000":2,"\\ud83d\\ude00":1}',
    );
  });

  it('does not copy or change what it encodes', () => {
    const value = Object.freeze({ list: Object.freeze([1, Object.freeze({ at: new Date(1) })]) });
    expect(json.dumps(value)).toBe('{"list":[1,{"at":{" D":"1970-01-01T00:00:00.001Z"}}]}');
  });

  it('drops undefined members before it looks for an escape, and writes null for undefined in lists', () => {
    expect(json.dumps({ ' t': 1, gone: undefined })).toBe('{" di":{" t__":1}}');
    expect(json.dumps({ a: [undefined, Tuple.of(undefined)], b: undefined })).toBe('{"a":[null,{" t":[null]}]}');
    // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
    expect(json.dumps([1, , 2])).toBe('[1,null,2]');
    expect(failure(() => json.dumps(undefined)).code).toBe('VALUE_UNSUPPORTED');
  });

  it('escapes only objects with a single entry whose key is a tag', () => {
    const texts = ['{" t__":1}', '{" q":1}', '{" t":1,"o":2}'];
    for (const text of texts) expect(json.dumps(JSON.parse(text))).toBe(text);
    expect(json.dumps({ ' di': { ' t': 1 } })).toBe('{" di":{" di__":{" di":{" t__":1}}}}');
  });

  it('takes Buffers, objects with __html__ and the values of other realms', () => {
    expect(json.loads(json.dumps(Buffer.from('hi')))).toStrictEqual(new Uint8Array([104, 105]));
    const html = { toString: () => 'no', __html__: () => '<i>' };
    expect(json.loads(json.dumps({ html: { __html__: html.__html__ } }))).toStrictEqual({ html: new Markup('<i>') });
    const foreign = runInNewContext(
      '({ o: {}, a: [1], d: new Date(1), m: new Map([[1, 2]]), s: new Set([1]), b: new Uint8Array(1) })',
    );
    expect(json.loads(json.dumps(foreign))).toStrictEqual({
      o: {},
      a: [1],
      d: new Date(1),
      m: new Map([[1, 2]]),
      s: new Set([1]),
      b: new Uint8Array(1),
    });
    expect(json.dumps(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  it('reads nothing but itself: unknown tags stay objects', () => {
    expect(json.loads('{" q":1}')).toEqual({ ' q': 1 });
    expect(json.loads('{"$type":"Date","__class__":"os.system","$$func$$":"x"}')).toEqual({
      $type: 'Date',
      __class__: 'os.system',
      $$func$$: 'x',
    });
  });

  it('finds a tag whose space is spelled as an escape', () => {
    expect(json.loads('{"\\u0020t":[1]}')).toStrictEqual(Tuple.of(1));
  });
});

class Point {
  readonly x = 1;
}

describe('what cannot be stored', () => {
  it.each([
    ['a function', { a: { b: [0, () => 1] } }, 'a.b[1]', 'function'],
    ['a symbol', { a: Symbol('s') }, 'a', 'symbol'],
    ['an instance', { 'odd key': new Point() }, '["odd key"]', 'Point'],
    ['an invalid date', { a: new Date(Number.NaN) }, 'a', 'date'],
    ['a promise', { a: Promise.resolve() }, 'a', 'await'],
    ['a regular expression', [/x/], '[0]', 'RegExp'],
    ['a subclass of Map', { a: new (class Cache extends Map {})() }, 'a', 'Cache'],
    ['a subclass of Array', { a: new (class Stack extends Array {})() }, 'a', 'Stack'],
    ['another typed array', { a: new Uint16Array(1) }, 'a', 'Uint8Array'],
    ['undefined in a Set', { a: new Set([undefined]) }, 'a', 'undefined'],
    ['undefined as the key of a Map', { a: new Map([[undefined, 1]]) }, 'a', 'undefined'],
    [
      'what only pretends to be a date',
      {
        a: new (class {
          [Symbol.toStringTag] = 'Date';
        })(),
      },
      'a',
      '',
    ],
  ])('%s is refused with its place', (_, value, path, word) => {
    const error = failure(() => json.dumps(value));
    expect(error.code).toBe('VALUE_UNSUPPORTED');
    expect(error.message).toContain(`at ${path} cannot`);
    expect(error.message).toContain(word);
  });

  it('a value that contains itself ends in SESSION_TOO_LARGE, through lists, Maps and Sets too', () => {
    const object: Record<string, unknown> = {};
    object.self = { object };
    const map = new Map();
    map.set('self', map);
    const set = new Set();
    set.add(set);
    const list: unknown[] = [];
    list.push([list]);
    for (const value of [object, map, set, list])
      expect(failure(() => json.dumps(value)).code).toBe('SESSION_TOO_LARGE');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('the key %s is refused at every depth, both ways', (name) => {
    const own = JSON.parse(`{"${name}":1}`);
    for (const value of [own, { a: [own] }, new Map([[1, own]]), Tuple.of(own)]) {
      expect(failure(() => json.dumps(value)).code).toBe('KEY_FORBIDDEN');
    }
    const escaped = `\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}`;
    const texts = [
      `{"${name}":1}`,
      `[{"a":{"${name}":{}}}]`,
      `{"${escaped}":1}`,
      `{" di":{"${name}__":1}}`,
      `{" M":[[1,{"${escaped}":1}]]}`,
    ];
    for (const text of texts) expect(failure(() => json.loads(text)).code).toBe('DOCUMENT_UNREADABLE');
    expect(json.loads(json.dumps({ text: name, map: new Map([[name, 1]]) }))).toEqual({
      text: name,
      map: new Map([[name, 1]]),
    });
  });
});

describe('malformed content', () => {
  it.each([
    '{" n":"abc"}',
    '{" n":1}',
    '{" n":"1e3"}',
    '{" n":"0x10"}',
    '{" n":""}',
    '{" n":"-0"}',
    '{" n":" 1"}',
    '{" t":1}',
    '{" t":{}}',
    '{" t":{" t":[]}}',
    '{" b":1}',
    '{" b":"*"}',
    '{" b":"AQ"}',
    '{" b":"A==="}',
    '{" m":1}',
    '{" u":"x"}',
    '{" u":5}',
    '{" d":1}',
    '{" d":null}',
    '{" D":"2024"}',
    '{" D":1}',
    '{" D":"2024-02-30T00:00:00.000Z"}',
    '{" M":{}}',
    '{" M":[1]}',
    '{" M":[[1]]}',
    '{" M":[[1,2,3]]}',
    '{" M":[{" t":[1,2]}]}',
    '{" S":{}}',
    '{" S":"abc"}',
    '{" l":"no url"}',
    '{" l":1}',
    '{" f":"1"}',
    '{" f":1}',
    '{" f":"toString"}',
    '{" di":1}',
    '{" di":[]}',
    '{" di":{}}',
    '{" di":{" t":1}}',
    '{" di":{" t__":1,"a":1}}',
    '{" di":{" t":[1]}}',
    '{',
    '',
    'undefined',
    `${'['.repeat(600)}{" t":[]}${']'.repeat(600)}`,
  ])('is an error, never another value: %s', (text) => {
    const error = failure(() => json.loads(text));
    expect(error.code).toBe('DOCUMENT_UNREADABLE');
  });

  it('is never quoted in the error', () => {
    for (const text of ['{"secret-word', '{" n":"secret-word"}', '{" u":"secret-word"}']) {
      const error = failure(() => json.loads(text));
      expect(`${error.message} ${error.cause}`).not.toContain('secret');
    }
  });
});

describe('dates', () => {
  it.each([
    ['Thu, 29 Feb 2024 23:59:58 GMT', '2024-02-29T23:59:58.000Z'],
    ['Thu, 29 Feb 2024 23:59:58 +0130', '2024-02-29T22:29:58.000Z'],
    ['29 Feb 2024 23:59:58 -0800', '2024-03-01T07:59:58.000Z'],
    ['29 Feb 2024 23:59 EST', '2024-03-01T04:59:00.000Z'],
    ['29 Feb 2024 23:59:58 -0000 (comment)', '2024-02-29T23:59:58.000Z'],
    ['29 Feb 2024 23:59:58', '2024-02-29T23:59:58.000Z'],
    ['Thursday, 29-Feb-24 23:59:58 GMT', '2024-02-29T23:59:58.000Z'],
    ['Thu Feb 29 23:59:58 2024', '2024-02-29T23:59:58.000Z'],
    ['Fri, 01 Jan 0100 00:00:00 GMT', '0100-01-01T00:00:00.000Z'],
  ])('reads %s', (text, iso) => {
    expect((json.loads(JSON.stringify({ ' d': text })) as Date).toISOString()).toBe(iso);
  });

  it.each([
    '',
    'soon',
    '2024-02-29T23:59:58Z',
    '30 Feb 2024 00:00:00 GMT',
    '29 Feb 2024 24:00:00 GMT',
    '29 Foo 2024 00:00:00 GMT',
    '29 Feb 2024 00:00:00 +9900',
  ])('reads null, as Flask does, for %j', (text) => {
    expect(json.loads(JSON.stringify({ ' d': text }))).toBeNull();
  });

  it('writes a whole second as Flask does, and anything else exactly', () => {
    expect(json.dumps(new Date(Date.UTC(2024, 1, 29, 23, 59, 58)))).toBe('{" d":"Thu, 29 Feb 2024 23:59:58 GMT"}');
    expect(json.dumps(new Date(-1))).toBe('{" D":"1969-12-31T23:59:59.999Z"}');
    expect(json.dumps(new Date(8.64e15))).toBe('{" D":"+275760-09-13T00:00:00.000Z"}');
    expect(json.dumps(new Date('0050-01-01T00:00:00Z'))).toBe('{" D":"0050-01-01T00:00:00.000Z"}');
    expect(new TaggedJson({ flaskOnly: true }).dumps(new Date(1999))).toBe('{" d":"Thu, 01 Jan 1970 00:00:01 GMT"}');
  });

  it('takes the dates of fake clocks', () => {
    class FakeDate extends Date {}
    expect(json.loads(json.dumps(new FakeDate(5)))).toStrictEqual(new Date(5));
  });
});

describe("users' tags", () => {
  const point: Tag<Point> = {
    key: ' point',
    check: (value) => value instanceof Point,
    encode: ({ x }) => ({ ' t': x }),
    decode: (content) => {
      if ((content as any)[' t'] !== 1) throw new Error('no point');
      return new Point();
    },
  };

  it('round trip, with content that is itself encoded and escaped', () => {
    const own = new TaggedJson().register(point);
    expect(own.dumps([new Point()])).toBe('[{" point":{" di":{" t__":1}}}]');
    expect(own.loads(own.dumps({ a: [new Point()] }))).toStrictEqual({ a: [new Point()] });
    expect(own.loads(own.dumps({ ' point': 1 }))).toStrictEqual({ ' point': 1 });
    expect(failure(() => own.loads('{" point":5}')).code).toBe('DOCUMENT_UNREADABLE');
  });

  it('take plain objects, arrays and text when their position is before them, without end even if they write the like', () => {
    const money: Tag = {
      key: ' money',
      position: 0,
      check: (value: any) => typeof value === 'object' && value !== null && 'cents' in value,
      encode: (value) => value,
      decode: (content: any) => ({ cents: content.cents, read: true }),
    };
    const shout: Tag<string> = {
      key: ' !',
      check: (value) => typeof value === 'string' && value.endsWith('!'),
      encode: (value) => value.slice(0, -1),
      decode: (content) => `${content}!`,
    };
    const own = new TaggedJson({ tags: [money, shout] });
    expect(own.dumps({ price: { cents: 5 }, say: 'hi!', no: 'hi' })).toBe(
      '{"price":{" money":{"cents":5}},"say":{" !":"hi"},"no":"hi"}',
    );
    expect(own.loads(own.dumps([{ cents: 5 }, 'hi!']))).toStrictEqual([{ cents: 5, read: true }, 'hi!']);
  });

  it('are refused when their key is taken, unless forced to replace', () => {
    const own = new TaggedJson();
    const dates: Tag<Date> = {
      key: ' d',
      check: (value) => value instanceof Date,
      encode: (value) => value.getTime(),
      decode: (content) => new Date(content as number),
    };
    expect(failure(() => own.register(dates)).code).toBe('TAG_INVALID');
    expect(own.register(dates, { force: true }).dumps(new Date(1500))).toBe('{" d":1500}');
    expect(own.loads('{" d":1500}')).toStrictEqual(new Date(1500));
    expect(failure(() => own.register({ ...dates, key: ' di' }, { force: true })).code).toBe('TAG_INVALID');
  });

  it.each([
    ['a key without a space', { ...point, key: 'point' }],
    ['a key with two spaces', { ...point, key: '  point' }],
    ['no key at all', { ...point, key: undefined }],
    ['no decode', { ...point, decode: undefined }],
    ['a position that is no place', { ...point, position: -1 }],
    ['null', null],
  ])('are refused for %s', (_, tag) => {
    expect(failure(() => new TaggedJson({ tags: [tag as Tag] })).code).toBe('TAG_INVALID');
  });

  it('that encode undefined are told so', () => {
    const own = new TaggedJson({ tags: [{ ...point, encode: () => undefined }] });
    expect(failure(() => own.dumps(new Point())).code).toBe('TAG_INVALID');
  });
});

describe("with Flask's tags only", () => {
  const flask = new TaggedJson({ flaskOnly: true });

  it('our own tags are plain objects and our own values are refused', () => {
    expect(flask.dumps({ ' D': 1 })).toBe('{" D":1}');
    expect(flask.loads('{" D":1}')).toEqual({ ' D': 1 });
    for (const value of [new Map(), new Set(), 1n, new URL('http://a/'), Number.NaN]) {
      expect(failure(() => flask.dumps([value])).code).toBe('VALUE_UNSUPPORTED');
    }
    expect(flask.dumps(-0)).toBe('0');
  });
});

describe('the values', () => {
  it('a Tuple is a frozen array whose copies are plain arrays', () => {
    const tuple = Tuple.of(3);
    expect([Array.isArray(tuple), tuple.length, tuple[0], Object.isFrozen(tuple)]).toEqual([true, 1, 3, true]);
    expect(tuple.map((n) => n * 2)).toStrictEqual([6]);
    expect(Tuple.from(new Set([1, 2]), (n) => n + 1)).toStrictEqual(Tuple.of(2, 3));
  });

  it('a Uuid has one spelling whatever it was made from, and refuses what is none', () => {
    const dashed = '2f1acc9b-4c7e-4b0e-8d6a-0c1b2a3d4e5f';
    for (const text of [dashed, dashed.toUpperCase(), dashed.replaceAll('-', '')])
      expect(`${new Uuid(text)}`).toBe(dashed);
    for (const text of ['', 'x', dashed.slice(1), `${dashed}0`, dashed.replace('-', '')]) {
      expect(() => new Uuid(text)).toThrow(TypeError);
    }
  });

  it('Markup says its HTML', () => {
    expect([`${new Markup('<b>')}`, new Markup('<b>').__html__()]).toEqual(['<b>', '<b>']);
  });
});
