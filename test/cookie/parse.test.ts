import { describe, expect, it } from 'vitest';
import { readCookie } from '../../src/cookie/parse.ts';

const NAME = '__Host-session';
const read = (header: string | undefined, name = NAME): unknown => readCookie(header, name);
const one = (value: string): object => ({ kind: 'one', value });
const NONE = { kind: 'none' };

describe('readCookie', () => {
  it('finds the cookie alone, first, last and between others', () => {
    expect(read(`${NAME}=abc`)).toEqual(one('abc'));
    expect(read(`${NAME}=abc; a=1`)).toEqual(one('abc'));
    expect(read(`a=1; ${NAME}=abc`)).toEqual(one('abc'));
    expect(read(`a=1; ${NAME}=abc; b=2`)).toEqual(one('abc'));
    expect(read(`a=1;${NAME}=abc;b=2;`)).toEqual(one('abc'));
  });

  it('says none for no header, an empty one, and one with other cookies only', () => {
    for (const header of [undefined, '', ';', '; ;', 'a=1', `a=${NAME}`, `a=1; b=${NAME}=2`, `a=x ${NAME}=2`]) {
      expect(read(header)).toEqual(NONE);
    }
  });

  it('gives an empty value as an empty value', () => {
    expect(read(`${NAME}=`)).toEqual(one(''));
    expect(read(`${NAME}= \t; a=1`)).toEqual(one(''));
  });

  it('cuts the name at the first equals sign and keeps the others in the value', () => {
    expect(read(`${NAME}=a=b==`)).toEqual(one('a=b=='));
    expect(read(`${NAME}==`)).toEqual(one('='));
  });

  // R46
  it('trims SP and HTAB around name and value and nothing else', () => {
    expect(read(` \t${NAME}\t = \tabc \t; a=1`)).toEqual(one('abc'));
    expect(read(`a=1;\t${NAME}=abc`)).toEqual(one('abc'));
    for (const space of ['\u00A0', '\u2000', '\uFEFF', '\v', '\f', '\r', '\n', '\0', '\u3000']) {
      expect(read(`${space}${NAME}=abc`)).toEqual(NONE);
      expect(read(`a=1; ${space}${NAME}=abc`)).toEqual(NONE);
      expect(read(`${NAME}${space}=abc`)).toEqual(NONE);
      expect(read(`${NAME}=abc${space}`)).toEqual(one(`abc${space}`));
    }
  });

  // R46
  it('compares the name octet by octet: no case folding, no decoding, no look-alikes', () => {
    const names = ['__host-session', '__HOST-SESSION', '__Host-Session', '__%48ost-session', '%5F%5FHost-session'];
    const more = ['_Host-session', 'x__Host-session', '__Host-session2', '"__Host-session"', '__Host\u2010session'];
    for (const name of [...names, ...more, '=__Host-session', '$__Host-session', '__Host-sessio\u0301n']) {
      expect(read(`${name}=abc`)).toEqual(NONE);
      expect(read(`${name}=abc; ${NAME}=good`)).toEqual(one('good'));
      expect(read(`${NAME}=good; ${name}=abc`)).toEqual(one('good'));
    }
  });

  // R46
  it('does not promote a nameless cookie to our name', () => {
    for (const header of [
      `=${NAME}=abc`,
      ` = ${NAME}=abc`,
      `==${NAME}=abc`,
      `a=1; =${NAME}=abc`,
      NAME,
      `${NAME}; a=1`,
    ]) {
      expect(read(header)).toEqual(NONE);
    }
  });

  // R46
  it('knows neither quotes, escapes, JSON nor the attributes of RFC 2109', () => {
    expect(read(`${NAME}="abc"`)).toEqual(one('"abc"'));
    expect(read(`${NAME}="a;b"`)).toEqual(one('"a'));
    expect(read(`a="; ${NAME}=inside; b="`)).toEqual(one('inside'));
    expect(read(`${NAME}=%61%62`)).toEqual(one('%61%62'));
    expect(read(`${NAME}=j:{"a":1}`)).toEqual(one('j:{"a":1}'));
    expect(read(`$Version=1; ${NAME}=abc; $Path=/`)).toEqual(one('abc'));
    expect(read(`a=1, ${NAME}=abc`)).toEqual(NONE);
  });

  // R46
  it('reads names that objects and patterns treat as special like any other', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'a.b*c', '$&', '^a|b']) {
      expect(read(`x=1; ${name}=abc`, name)).toEqual(one('abc'));
      expect(read('x=1', name)).toEqual(NONE);
    }
    expect(read('aa=1; a=2', 'a')).toEqual(one('2'));
    expect(read('aaa=1', 'aa')).toEqual(NONE);
  });

  // R47
  it('says many for two cookies of our name, equal or not, side by side or not, in both orders', () => {
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'a'],
      ['', 'a'],
      ['a', ''],
    ]) {
      expect(read(`${NAME}=${first}; ${NAME}=${second}`)).toEqual({ kind: 'many' });
      expect(read(`${NAME}=${first};${NAME}\t=${second}`)).toEqual({ kind: 'many' });
      expect(read(`x=1; ${NAME}=${first}; y=2; ${NAME}=${second}; z=3`)).toEqual({ kind: 'many' });
    }
  });

  // R47: two header fields, joined as Node and HTTP/2 join them.
  it('says many for one cookie in each of two headers', () => {
    expect(read([`a=1; ${NAME}=x`, `${NAME}=y; b=2`].join('; '))).toEqual({ kind: 'many' });
  });

  // R48
  it('reads 16 KiB and 200 pairs, and nothing of what is beyond', () => {
    const exactly = `${NAME}=abc; a=${'x'.repeat(16_384 - NAME.length - 8)}`;
    expect(exactly).toHaveLength(16_384);
    expect(read(exactly)).toEqual(one('abc'));
    expect(read(`${exactly}x`)).toEqual({ kind: 'oversized' });
    const pairs = Array.from({ length: 199 }, (_, n) => `a${n}=1`);
    expect(read([`${NAME}=abc`, ...pairs].join('; '))).toEqual(one('abc'));
    expect(read([...pairs, `${NAME}=abc`].join('; '))).toEqual(one('abc'));
    expect(read([...pairs, 'b=1', `${NAME}=abc`].join('; '))).toEqual({ kind: 'oversized' });
    expect(read([`${NAME}=abc`, ...pairs, 'b=1'].join('; '))).toEqual({ kind: 'oversized' });
    expect(read(';'.repeat(199))).toEqual(NONE);
    expect(read(';'.repeat(200))).toEqual({ kind: 'oversized' });
  });

  // R48
  const hostile: [string, string][] = [
    ['a=;', 'a=;'],
    ['escaped quotes', '\\"'],
    ['percent signs', '%'],
    ['separators', ';'],
    ['equals signs', '='],
    ['spaces', ' '],
    ['our name', NAME],
    ['our name with a space', `${NAME} `],
    ['our name with many spaces', `${NAME}${' '.repeat(500)}`],
    ['our name behind a space', ` ${NAME}\t`],
    ['the beginning of our name', '_'],
    ['the beginning of our name, longer', '__Host-sessio'],
    ['our name nameless', `=${NAME}`],
    ['our cookie with spaces', `${NAME}= ${' '.repeat(90)}`],
  ];
  it.each(hostile)('reads 16 KiB of %s in under 2 ms', (_, piece) => {
    const header = piece.repeat(Math.ceil(16_384 / piece.length)).slice(0, 16_384);
    // A flat string, as it comes from a socket; the best of five, since a collector may pause any one.
    const flat = Buffer.from(header).toString('latin1');
    const times = Array.from({ length: 5 }, () => {
      const start = performance.now();
      readCookie(flat, NAME);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThan(2);
  });
});
