import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parsedField, rawField } from '../../src/csrf/body-field.ts';
import type { Extent } from '../../src/csrf/field-found.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const FORM = 'application/x-www-form-urlencoded';
const MULTI = 'multipart/form-data; boundary=----x';

function found(type: string | undefined, text: string, extent: Extent = 'whole'): unknown {
  const field = rawField(type, bytes(text), extent, 't');
  return typeof field === 'object' ? field.value : field;
}

function part(name: string, value: string, more = ''): string {
  return `------x\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`;
}

describe('the field of a body that was parsed', () => {
  test('is an own member, whatever it is, and nothing inherited', () => {
    expect(parsedField({ t: 'a' }, 't')).toBe('a');
    expect(parsedField({ t: ['a', 'b'] }, 't')).toEqual(['a', 'b']);
    expect(parsedField(Object.assign(Object.create(null), { t: { $ne: null } }), 't')).toEqual({ $ne: null });
    expect(parsedField({}, 'toString')).toBeUndefined();
    for (const none of [undefined, null, '', 'text', 7, true, []]) expect(parsedField(none, 't')).toBeUndefined();
  });

  test('of a form’s data occurs once, or is a list', () => {
    const params = new URLSearchParams('t=a&u=b');
    expect([parsedField(params, 't'), parsedField(params, 'x')]).toEqual(['a', undefined]);
    params.append('t', 'c');
    expect(parsedField(params, 't')).toEqual(['a', 'c']);
    const data = new FormData();
    data.append('t', 'a');
    expect(parsedField(data, 't')).toBe('a');
    data.append('t', 'b');
    expect(parsedField(data, 't')).toEqual(['a', 'b']);
  });
});

describe('the field of a body that nobody has parsed', () => {
  test('is found in a form once it is whole, or as much as is looked at', () => {
    expect(found(FORM, 'a=1&t=x%2Dy&b=2')).toBe('x-y');
    expect(found(`${FORM}; charset=UTF-8`.toUpperCase(), 't=x')).toBe('x');
    expect(found(FORM, 't=x&a=1', 'part')).toBe('more');
    expect(found(FORM, 't=x&a=1', 'cut')).toBe('x');
    expect(found(FORM, 'a=1&t=x', 'cut')).toBe('none');
    expect(found(FORM, 'a=1')).toBe('none');
    expect(found(FORM, 't=x&t=y')).toEqual(['x', 'y']);
    expect(found(FORM, 't[]=x')).toBe('none');
    expect(found(FORM, '')).toBe('none');
  });

  test('is found in JSON once it is whole', () => {
    expect(found('application/json', '{"t":"x"}')).toBe('x');
    expect(found('application/json', '{"t":"x"}', 'part')).toBe('more');
    expect(found('application/json', '{"t":{"$ne":null}}')).toEqual({ $ne: null });
    for (const text of ['{"t":', '[]', 'null', '"t"', '', '{"__proto__":{"t":"x"}}']) {
      expect(found('application/json', text)).toBe('none');
    }
  });

  test('is found in a multipart form, in front of what has not come yet', () => {
    const form = `${part('a', '1')}${part('t', 'x')}${part('file', 'data', '; filename="f.txt"')}------x--\r\n`;
    expect(found(MULTI, form)).toBe('x');
    expect(found('multipart/form-data; boundary="----x"', form)).toBe('x');
    expect(found('Multipart/Form-Data; charset=utf-8; Boundary=----x', form)).toBe('x');
    expect(found(MULTI, part('t', 'x'), 'part')).toBe('more');
    expect(found(MULTI, `${part('t', 'x')}------x`, 'part')).toBe('x');
    expect(found(MULTI, `${part('a', 'x')}------x--\r\n`, 'part')).toBe('none');
    expect(found(MULTI, `preamble\r\n${part('t', 'x')}------x--`)).toBe('x');
    expect(found(MULTI, part('t', '').concat('------x--'))).toBe('');
  });

  test('is no file, no part of a part, and nothing in another boundary', () => {
    expect(found(MULTI, `${part('t', 'x', '; filename="t"')}------x--`)).toBe('none');
    expect(found(MULTI, `${part('t', 'x', "; filename*=UTF-8''t")}------x--`)).toBe('none');
    expect(found(MULTI, `${part('a', 'Content-Disposition: form-data; name="t"\r\n\r\nx')}------x--`)).toBe('none');
    expect(found(MULTI, `${part('xt', 'x')}${part('tx', 'x')}------x--`)).toBe('none');
    expect(found('multipart/form-data', part('t', 'x'))).toBe('none');
    expect(found('multipart/form-data; boundary=', part('t', 'x'))).toBe('none');
    expect(found('multipart/form-data; boundary=----y', part('t', 'x'))).toBe('none');
  });

  test('is nowhere in bodies of other types', () => {
    for (const type of [
      undefined,
      '',
      'text/plain',
      'text/html',
      'multipart/mixed; boundary=----x',
      'application/xml',
    ]) {
      expect(found(type, 't=x')).toBe('none');
    }
  });

  test('is looked for in anything without an error', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom(FORM, MULTI, 'application/json'),
        fc.constantFrom<Extent>('whole', 'cut', 'part'),
        (body, type, extent) => {
          rawField(type, body, extent, 't');
        },
      ),
    );
  });

  test('is looked for in linear time, whatever stands there', () => {
    for (const text of [
      '&'.repeat(65_536),
      't='.repeat(32_768),
      '------x\r\n'.repeat(7281),
      'Content-Disposition: form-data;'.repeat(2000),
      `name="${'\\'.repeat(65_000)}`,
    ]) {
      for (const type of [FORM, MULTI, 'application/json']) {
        const start = performance.now();
        found(type, type === MULTI ? `------x\r\nContent-Disposition: form-data; ${text}\r\n\r\nx\r\n------x--` : text);
        expect(performance.now() - start).toBeLessThan(500);
      }
    }
  });
});
