import { Buffer } from 'node:buffer';
import { CoatcheckError } from '../../src/errors.ts';
import { KeyRing } from '../../src/keys/ring.ts';
import { readSecrets, type Secret } from '../../src/keys/secret.ts';

/** Three good secrets, always the same. */
export const OLD = 'uI4JZ7hUoVTcCO7P-4xTg3FQWtGVwKt0z8ZB9nYkq5A';
export const NEW = 'w3Zl1mB6rXfQe0sN9aKdT8yVhJ2uGcPo5RiCbLEtM7Y';
export const OTHER = 'Q7fXk2PzLw9JmVdRy5TnHs8BgUc3AeKiWo6ZxEt1N4M';

export function ringOf(secret: Secret | readonly Secret[], purpose = 'session', name = '__Host-session'): KeyRing {
  return new KeyRing(readSecrets(secret, 'secret'), purpose, name);
}

/** The code of the CoatcheckError that a function throws, and its message. */
export function thrown(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof CoatcheckError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'nothing', message: '' };
}

/** A small generator of numbers from 0 to 1 that gives the same ones in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const hex = (text: string): Uint8Array => Buffer.from(text, 'hex');
