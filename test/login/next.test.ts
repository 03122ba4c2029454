import { describe, expect, it } from 'vitest';
import { safeNext } from '../../src/login/index.ts';
import { BAD, GOOD } from './next-spellings.ts';

describe('safeNext', () => {
  it.each(GOOD)('gives %j as %j', (sent, goes) => expect(safeNext(sent)).toBe(goes));

  it.each(BAD.map((sent) => [sent]))('gives the fallback for %j', (sent) => {
    expect(safeNext(sent)).toBe('/');
    expect(safeNext(sent, '/home')).toBe('/home');
  });

  it('gives what browsers read as a path of the same site, whatever is sent', () => {
    for (const sent of [...GOOD.map(([text]) => text), ...BAD]) {
      const goes = new URL(safeNext(sent), 'https://app.example/login');
      expect([sent, goes.origin]).toEqual([sent, 'https://app.example']);
    }
  });
});
