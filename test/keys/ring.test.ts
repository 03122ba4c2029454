import { Buffer } from 'node:buffer';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { KeyRing } from '../../src/keys/ring.ts';
import { readSecrets } from '../../src/keys/secret.ts';
import { NEW, OLD, ringOf, thrown } from './helpers.ts';

describe('KeyRing', () => {
  // R13
  it('writes with the first secret and finds the keys of all by their ids', () => {
    const old = ringOf(OLD);
    const both = ringOf([NEW, OLD]);
    expect(both.current.id).toBe(ringOf(NEW).current.id);
    expect(both.find(old.current.id)?.id).toBe(old.current.id);
    expect(both.find(both.current.id)).toBe(both.current);
    expect(ringOf(NEW).find(old.current.id)).toBeUndefined();
  });

  // R13
  it('derives a key id from the secret: the same on every server, another for another secret', () => {
    expect(ringOf(OLD).current.id).toBe(ringOf(OLD).current.id);
    expect(ringOf(OLD).current.id).not.toBe(ringOf(NEW).current.id);
    expect(ringOf(OLD).current.id).toMatch(/^A[Q-Za-f]/);
    expect(ringOf(OLD).current.id).toHaveLength(8);
  });

  it('counts a secret that is listed twice as the writing one', () => {
    const ring = ringOf([OLD, NEW, OLD]);
    expect(ring.find(ring.current.id)).toBe(ring.current);
  });

  // R11
  it('separates keys by purpose and by name', () => {
    const salt = new Uint8Array(16);
    const rings = [
      ringOf(OLD),
      ringOf(OLD, 'flash'),
      ringOf(OLD, 'session', 'session'),
      ringOf(OLD, 'sessio', 'n__Host-session'),
      ringOf(NEW),
    ];
    const ids = rings.map((ring) => ring.current.id);
    const macs = rings.map((ring) => Buffer.from(ring.current.mac('text')).toString('hex'));
    const keys = rings.map((ring) => Buffer.from(ring.current.oneTimeKey(salt)).toString('hex'));
    expect(new Set([...ids, ...macs, ...keys]).size).toBe(15);
  });

  // R11
  it('refuses a purpose or a name that would blur where one ends', () => {
    const secrets = readSecrets(OLD, 'secret');
    for (const [purpose, name] of [
      ['', 'a'],
      ['a', ''],
      ['a\0b', 'c'],
      ['a', 'b\0c'],
    ] as const) {
      expect(thrown(() => new KeyRing(secrets, purpose, name)).code).toBe('OPTION_INVALID');
    }
  });

  // R104
  it('shows neither secret nor derived key in inspection, JSON or string', () => {
    const ring = ringOf([NEW, OLD]);
    const shown = [
      inspect(ring, { showHidden: true, depth: 9, getters: true }),
      inspect(ring.find(ringOf(OLD).current.id), { showHidden: true, depth: 9 }),
      JSON.stringify({ ring, key: ring.current }),
      String(ring),
      String(ring.current),
    ].join('\n');
    for (const secret of [OLD, NEW]) {
      for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const) {
        expect(shown).not.toContain(Buffer.from(secret).toString(encoding).slice(0, 8));
      }
      expect(shown).not.toContain([...Buffer.from(secret)].slice(0, 4).join(', '));
    }
    expect(JSON.stringify(ring)).toBe(
      JSON.stringify({ purpose: 'session', name: '__Host-session', keys: [ringOf(OLD).current.id, ring.current.id] }),
    );
  });
});
