import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { handleOf, hashName, isId, keyOf, newId } from '../../src/keys/ids.ts';
import { newNonce } from '../../src/keys/nonce.ts';
import { thrown } from './helpers.ts';

const ID = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const ALPHABET = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

afterEach(() => {
  vi.unstubAllGlobals();
  vi.doUnmock('node:crypto');
  vi.resetModules();
});

describe('ids', () => {
  // R1
  it('never repeat in 200,000 draws, and every character is equally frequent at every place', {
    timeout: 60_000,
  }, () => {
    const draws = 200_000;
    const seen = new Set<string>();
    const counts = Array.from({ length: 42 }, () => new Uint32Array(128));
    for (let n = 0; n < draws; n += 1) {
      const id = newId();
      seen.add(id);
      for (let at = 0; at < 42; at += 1) {
        const row = counts[at];
        const code = id.charCodeAt(at);
        if (row !== undefined) row[code] = (row[code] ?? 0) + 1;
      }
    }
    expect(seen.size).toBe(draws);
    // 3125 expected a character and place, standard deviation 55.5; eight of them happen by chance once in 10^12 runs.
    const all = counts.flatMap((row) => ALPHABET.map((character) => row[character.charCodeAt(0)] ?? 0));
    expect(Math.min(...all)).toBeGreaterThan(3125 - 444);
    expect(Math.max(...all)).toBeLessThan(3125 + 444);
  });

  // R1
  it('are refused from the first one on when the random source always gives the same bytes', async () => {
    vi.resetModules();
    vi.stubGlobal('crypto', { getRandomValues: (array: Uint8Array) => array.fill(7) });
    const fresh = await import('../../src/keys/ids.ts');
    expect(() => fresh.newId()).toThrow(/same bytes twice/);
    expect(() => fresh.newId()).toThrow(expect.objectContaining({ code: 'RANDOM_BROKEN' }));
  });

  // R1
  it('are refused when a good random source breaks later', () => {
    newId();
    vi.stubGlobal('crypto', { getRandomValues: (array: Uint8Array) => array.fill(9) });
    newId();
    expect(thrown(newId).code).toBe('RANDOM_BROKEN');
  });

  // R2
  it('draw nothing while their modules load, and exactly their own 32 bytes for each id', async () => {
    vi.resetModules();
    const drawn: number[] = [];
    const thrower = vi.fn(() => {
      throw new Error('randomness at module load');
    });
    vi.stubGlobal('crypto', { getRandomValues: thrower });
    const ids = await import('../../src/keys/ids.ts');
    await import('../../src/keys/nonce.ts');
    await import('../../src/keys/seal.ts');
    await import('../../src/keys/sign.ts');
    await import('../../src/cookie/options.ts');
    await import('../../src/cookie/ticket.ts');
    expect(thrower).not.toHaveBeenCalled();
    vi.unstubAllGlobals();
    const real = globalThis.crypto;
    vi.stubGlobal('crypto', {
      getRandomValues: (array: Uint8Array) => {
        drawn.push(array.byteLength);
        return real.getRandomValues(array);
      },
    });
    ids.newId();
    drawn.length = 0;
    ids.newId();
    ids.newId();
    expect(drawn).toEqual([32, 32]);
  });

  // R3
  it('are 256 random bits and nothing else: 43 characters of the right shape', () => {
    for (let n = 0; n < 1000; n += 1) expect(isId(newId())).toBe(true);
  });

  // R6, R16
  it('have one exact shape: length, alphabet and last character', () => {
    expect(isId(ID)).toBe(true);
    const wrong = ['', ID.slice(1), `${ID}A`, `${ID}\n`, ` ${ID}`, `${ID.slice(0, 42)}=`, ID.replace('E', '+')];
    for (const text of [...wrong, ID.replace('E', '/'), ID.replace('E', '\0'), ID.replace('E', 'é'), keyOf(ID)]) {
      expect(isId(text)).toBe(false);
    }
    const last = ALPHABET.filter((character) => isId(ID.slice(0, 42) + character));
    expect(last.join('')).toBe('AEIMQUYcgkosw048');
  });

  // R6
  it('are checked in linear time: 16 MB of almost an id take no longer than a look', () => {
    const start = performance.now();
    expect(isId('A'.repeat(16_000_000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(50);
  });
});

describe('keys and handles', () => {
  // R4
  it('are the hex SHA-256 of the id and a hash of that key', () => {
    const key = createHash('sha256').update(ID).digest('hex');
    expect(keyOf(ID)).toBe(key);
    expect(handleOf(key)).toBe(
      createHash('sha256').update(`coatcheck handle\0${key}`).digest('base64url').slice(0, 22),
    );
  });

  // R4
  it('are no ids themselves: what a store shows has not the shape of a ticket', () => {
    for (const shown of [keyOf(ID), handleOf(keyOf(ID)), hashName('ann')]) expect(isId(shown)).toBe(false);
  });

  // R4
  it('are the same where the runtime has no crypto.hash', async () => {
    const expected = [keyOf(ID), handleOf(keyOf(ID)), hashName('ännchen')];
    vi.resetModules();
    vi.doMock('node:crypto', async (original) => ({ ...(await original<object>()), hash: undefined }));
    const old = await import('../../src/keys/ids.ts');
    expect([old.keyOf(ID), old.handleOf(old.keyOf(ID)), old.hashName('ännchen')]).toEqual(expected);
  });
});

describe('hashName', () => {
  // R4
  it('hides an owner behind 64 hex characters that are nobody else’s key', () => {
    expect(hashName('ann')).toMatch(/^[0-9a-f]{64}$/);
    expect(hashName('ann')).toBe(createHash('sha256').update('coatcheck owner\0ann').digest('hex'));
    expect(hashName(ID)).not.toBe(keyOf(ID));
  });

  it('tells names apart that UTF-8 writes alike', () => {
    const names = ['a\uD800', 'a\uD801', 'a\uFFFD', '"a\\ud800"', 'a'];
    expect(new Set(names.map(hashName)).size).toBe(names.length);
  });
});

describe('newNonce', () => {
  it('gives 11 characters that never repeat, over many pools', () => {
    const seen = new Set<string>();
    for (let n = 0; n < 10_000; n += 1) seen.add(newNonce());
    expect(seen.size).toBe(10_000);
    for (const nonce of seen) expect(nonce).toMatch(/^[\w-]{10}[AEIMQUYcgkosw048]$/);
  });
});
