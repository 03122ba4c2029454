import { Buffer } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { equal } from '../../src/keys/equal.ts';

// R5
describe('equal', () => {
  it('tells equal secrets from different ones, as text and as bytes', () => {
    expect(equal('secret', 'secret')).toBe(true);
    expect(equal('secret', 'secreT')).toBe(false);
    expect(equal(Buffer.from('abc'), Uint8Array.of(97, 98, 99))).toBe(true);
    expect(equal(Buffer.from('abc'), Uint8Array.of(97, 98, 98))).toBe(false);
  });

  it('says no to shorter, longer and empty input and does not throw', () => {
    expect(equal('secret', 'secre')).toBe(false);
    expect(equal('secret', 'secrets')).toBe(false);
    expect(equal('secret', '')).toBe(false);
    expect(equal('', 'secret')).toBe(false);
    expect(equal(new Uint8Array(32), new Uint8Array(0))).toBe(false);
    expect(equal('', '')).toBe(true);
  });

  it('does not take two texts for equal that UTF-8 cannot tell apart', () => {
    expect(equal('a\uD800', 'a\uD801')).toBe(false);
  });

  it('is the only place of src/keys where timingSafeEqual is called, and no MAC meets another comparison', () => {
    const folder = new URL('../../src/keys/', import.meta.url);
    for (const file of readdirSync(folder)) {
      const source = readFileSync(new URL(file, folder), 'utf8');
      if (file !== 'equal.ts') expect(source, file).not.toContain('timingSafeEqual');
      expect(source, file).not.toMatch(/(?<!typeof )\b(?:mac|tag|secret) [!=]==? (?!undefined)/i);
    }
  });
});
