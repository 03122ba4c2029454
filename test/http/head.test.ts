import { describe, expect, test } from 'vitest';
import { isPrivate, mergeHead } from '../../src/http/head.ts';
import type { HeaderChanges } from '../../src/interface/contract.ts';

const LOOKED: HeaderChanges = { setCookie: [], looked: true };
const head = (cacheControl?: string, vary?: string, setCookie: string[] = []) => ({ cacheControl, vary, setCookie });

describe('one Set-Cookie a name (R45)', () => {
  test('our cookie replaces an earlier field of its name and leaves others alone', () => {
    const merged = mergeHead(head(undefined, undefined, ['a=1; Path=/', 'id=old', 'Id=other', 'idx=2']), {
      setCookie: ['id=new; Path=/; HttpOnly'],
      looked: false,
    });
    expect(merged.setCookie).toEqual(['a=1; Path=/', 'Id=other', 'idx=2', 'id=new; Path=/; HttpOnly']);
  });

  test('of two of ours with one name the last goes', () => {
    expect(mergeHead(head(), { setCookie: ['id=1', 'r=1', 'id=2'], looked: false }).setCookie).toEqual(['r=1', 'id=2']);
  });

  test('a name ends at the first = of the part before the attributes', () => {
    const theirs = [' id =spaced', 'flag; id=no', 'other="id=1"'];
    const merged = mergeHead(head(undefined, undefined, theirs), { setCookie: ['id=1'], looked: false });
    expect(merged.setCookie).toEqual(['flag; id=no', 'other="id=1"', 'id=1']);
  });
});

test('with our Set-Cookie the answer is no-store, whatever the handler said (R53)', () => {
  for (const said of [undefined, 'public, max-age=600', 's-maxage=9', 'private, max-age=1', 'no-store']) {
    expect(mergeHead(head(said), { setCookie: ['id=1'], looked: false }).cacheControl).toBe('no-store');
  }
});

test('a session nobody looked at changes nothing', () => {
  const before = head('public', 'Accept', ['a=1']);
  expect(mergeHead(before, { setCookie: [], looked: false })).toBe(before);
});

describe('a session that was looked at makes the answer vary and at least private (R54)', () => {
  test.each([
    [undefined, 'Cookie'],
    ['', 'Cookie'],
    ['Accept-Encoding', 'Accept-Encoding, Cookie'],
    ['accept-encoding , cookie', 'accept-encoding , cookie'],
    ['COOKIE', 'COOKIE'],
    ['*', '*'],
    ['Accept, *', 'Accept, *'],
    ['X-Cookie', 'X-Cookie, Cookie'],
  ])('Vary %s becomes %s', (before, after) => {
    expect(mergeHead(head(undefined, before), LOOKED).vary).toBe(after);
  });

  test.each([
    [undefined, 'private'],
    ['', 'private'],
    ['public', 'private'],
    ['public, max-age=600', 'private, max-age=600'],
    ['PUBLIC, S-MaxAge=1, max-age=2', 'private, max-age=2'],
    ['private', 'private'],
    ['Private, max-age=5', 'Private, max-age=5'],
    ['no-store', 'no-store'],
    ['no-store, public', 'no-store'],
    ['private="x-user"', 'private'],
    ['private="x-user", max-age=3', 'private, max-age=3'],
    ['max-age=1, ext="a, private, b"', 'private, max-age=1, ext="a, private, b"'],
    ['ext="say \\", no-store, \\""', 'private, ext="say \\", no-store, \\""'],
    ['ext="never closed, private', 'private, ext="never closed, private'],
    ['no-cache="set-cookie"', 'private, no-cache="set-cookie"'],
    ['publicity, x-private', 'private, publicity, x-private'],
    [',, ,max-age=1,', 'private, max-age=1'],
  ])('Cache-Control %s becomes %s', (before, after) => {
    const merged = mergeHead(head(before), LOOKED).cacheControl;
    expect(merged).toBe(after);
    expect(isPrivate(merged)).toBe(true);
  });
});

test('private is what keeps a shared cache out of the whole answer', () => {
  expect(['private', 'no-store', 'max-age=1, Private'].every(isPrivate)).toBe(true);
  expect([undefined, '', 'private="x"', 'no-cache', 'ext="private"', 'privateer'].some(isPrivate)).toBe(false);
});
