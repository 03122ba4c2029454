import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { closedDocument, closedNonce } from '../../src/codec/closed.ts';
import { type CoatcheckError, createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import { KeyRing } from '../../src/keys/ring.ts';
import { readSecrets } from '../../src/keys/secret.ts';
import type { Document, Store, StoredRecord } from '../../src/store/contract.ts';
import { encrypted } from '../../src/store/encrypted.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { fakeClock } from '../../src/testing/fake-clock.ts';
import { request } from '../support/visit.ts';
import { NEXT_SECRET, SECRET, textOnly, withVerbs } from './decorators.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const TEXT = '{"data":{"user":"ann"},"meta":{"format":1}}';
const LATER = Date.now() + 3_600_000;

async function documentOf(store: Store, key: string = KEY): Promise<Document> {
  return ((await store.read(key)) as StoredRecord).document;
}

/** The error of a record that no secret opens. */
async function refusedBy(call: Promise<unknown>): Promise<CoatcheckError> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown as CoatcheckError,
  );
  expect(error).toMatchObject({ code: 'STORE_FAILED', retryable: false, outcome: 'none' });
  return error as CoatcheckError;
}

const bytesOf = (document: Document): Uint8Array =>
  typeof document === 'string' ? new TextEncoder().encode(document) : document;

describe.each([
  ['a store for bytes', () => memoryStore()],
  ['a store for text', () => textOnly(memoryStore())],
])('a document in %s', (_, inside) => {
  test('is nowhere readable, is marked, and never looks the same twice', async () => {
    const inner = inside();
    const store = encrypted(inner, SECRET);
    const seen = new Set<string>();
    for (let n = 0; n < 20; n++) {
      await store.put(KEY, TEXT, LATER);
      const kept = Buffer.from(bytesOf(await documentOf(inner))).toString('latin1');
      expect(kept).toMatch(/^~sealed:/);
      expect(kept).not.toMatch(/ann|data|meta/);
      seen.add(kept);
    }
    expect(seen.size).toBe(20);
  });

  test('comes back as the text or the bytes that it was', async () => {
    const store = encrypted(inside(), SECRET);
    for (const document of ['', TEXT, '\ufeffa\0b\u{1f9e5}', Uint8Array.of(), Uint8Array.of(0x74, 0, 255)]) {
      await store.put(KEY, document, LATER);
      expect(await documentOf(store)).toStrictEqual(document);
    }
  });

  test('moved to the key of another record is refused there, and still opens under its own', async () => {
    const inner = inside();
    const store = encrypted(inner, SECRET);
    await store.put(KEY, TEXT, LATER);
    await inner.put(OTHER, await documentOf(inner), LATER);
    const error = await refusedBy(store.read(OTHER));
    expect(error.message).not.toMatch(/aaaa|bbbb|ann|~sealed/);
    expect(await documentOf(store)).toBe(TEXT);
  });

  test('of which any byte was changed, or that was cut or grew, is refused', async () => {
    const inner = inside();
    const store = encrypted(inner, SECRET);
    await store.put(KEY, TEXT, LATER);
    const whole = await documentOf(inner);
    const cuts = [whole.slice(0, -1), whole.slice(0, 20), whole.slice(0, 8), whole.slice(0, 0)];
    const grown = typeof whole === 'string' ? `${whole}AAAA` : Uint8Array.of(...whole, 0);
    for (const changed of [...cuts, grown, ...changes(whole)]) {
      await inner.put(KEY, changed, LATER);
      await refusedBy(store.read(KEY));
    }
  });

  test('that is refused leaves every other record alone, also in one reading of many', async () => {
    const inner = withVerbs(inside(), {});
    const many = withVerbs(inner, { readMany: (keys) => Promise.all(keys.map((key) => inner.read(key))) });
    const store = encrypted(many, SECRET);
    await store.put(KEY, TEXT, LATER);
    await inner.put(OTHER, '{"data":{}}', LATER);
    const [fine, foreign, missing] = (await store.readMany?.([KEY, OTHER, 'c'.repeat(64)])) ?? [];
    expect(fine).toMatchObject({ document: TEXT });
    expect(foreign).toMatchObject({ code: 'STORE_FAILED', retryable: false });
    expect(missing).toBeUndefined();
  });

  test('that is refused stands in the way of create and update with the same error, and put and destroy get rid of it', async () => {
    const inner = inside();
    const store = encrypted(inner, SECRET);
    await inner.put(KEY, 'foreign', LATER);
    await refusedBy(store.create(KEY, TEXT, LATER));
    await refusedBy(store.update(KEY, 'no version of it', TEXT, LATER));
    await store.put(KEY, TEXT, LATER);
    expect(await documentOf(store)).toBe(TEXT);
    await inner.put(KEY, 'foreign', LATER);
    expect(await store.destroy(KEY)).toBe(true);
  });

  test('has room for as much as the store takes, less what sealing adds', async () => {
    for (const maxBytes of [100, 101, 102, 103, 5000]) {
      const inner = inside();
      const small = withVerbs(inner, { capabilities: { ...inner.capabilities, maxBytes } });
      const store = encrypted(small, SECRET);
      const room = store.capabilities.maxBytes;
      await store.put(KEY, new Uint8Array(room), LATER);
      expect(bytesOf(await documentOf(inner)).byteLength).toBeLessThanOrEqual(maxBytes);
      await store.put(KEY, new Uint8Array(room + 1), LATER);
      expect(bytesOf(await documentOf(inner)).byteLength).toBeGreaterThan(maxBytes);
    }
    const tiny = withVerbs(inside(), { capabilities: { ...inside().capabilities, maxBytes: 10 } });
    expect(encrypted(tiny, SECRET).capabilities.maxBytes).toBe(0);
  });
});

/** Each character or byte changed once, and so that base64url stays base64url. */
function changes(whole: Document): Document[] {
  if (typeof whole !== 'string') return [...whole].map((byte, at) => whole.with(at, byte ^ 1));
  return [...whole].map((letter, at) => `${whole.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${whole.slice(at + 1)}`);
}

describe('secrets', () => {
  test('the first seals and all open; a document of an older one is sealed anew with its next update', async () => {
    const inner = memoryStore();
    await encrypted(inner, SECRET).put(KEY, TEXT, LATER);
    const both = encrypted(inner, [NEXT_SECRET, SECRET]);
    const record = (await both.read(KEY)) as StoredRecord;
    expect(record.document).toBe(TEXT);
    await refusedBy(encrypted(inner, NEXT_SECRET).read(KEY));
    expect((await both.update(KEY, record.version, `${TEXT} `, LATER)).result).toBe('ok');
    expect(await documentOf(encrypted(inner, NEXT_SECRET))).toBe(`${TEXT} `);
    await refusedBy(encrypted(inner, SECRET).read(KEY));
  });

  test('a document is known by the id of its key, and no other key is tried', async () => {
    const inner = memoryStore();
    await encrypted(inner, SECRET).put(KEY, TEXT, LATER);
    const sealed = (await documentOf(inner)) as Uint8Array;
    const idOf = (secret: string): Buffer =>
      Buffer.from(new KeyRing(readSecrets(secret, 'secret'), 'store', 'document').current.id, 'base64url');
    expect(Buffer.from(sealed.subarray(8, 14))).toEqual(idOf(SECRET));
    const renamed = Uint8Array.from(sealed);
    renamed.set(idOf(NEXT_SECRET), 8);
    await inner.put(KEY, renamed, LATER);
    await refusedBy(encrypted(inner, [NEXT_SECRET, SECRET]).read(KEY));
  });

  test('one that is missing or weak, and options that are none, end the start', () => {
    const code = (run: () => unknown): unknown => {
      try {
        run();
      } catch (error) {
        return (error as CoatcheckError).code;
      }
      return undefined;
    };
    const inner = memoryStore();
    expect(code(() => encrypted(inner, undefined))).toBe('SECRET_REQUIRED');
    expect(code(() => encrypted(inner, [SECRET, undefined]))).toBe('SECRET_REQUIRED');
    expect(code(() => encrypted(inner, 'short'))).toBe('SECRET_WEAK');
    expect(code(() => encrypted(inner, SECRET, { secret: SECRET } as object))).toBe('OPTION_UNKNOWN');
    expect(code(() => encrypted(inner, SECRET, { acceptPlainUntil: new Date('soon') }))).toBe('OPTION_INVALID');
    expect(code(() => encrypted(Promise.resolve(inner) as never, SECRET))).toBe('OPTION_INVALID');
  });

  test('no secret shows where the store is printed', () => {
    const store = encrypted(memoryStore(), SECRET);
    expect(inspect(store, { depth: 9, showHidden: true }) + JSON.stringify(store)).not.toContain(SECRET);
  });
});

describe('plain documents of former days', () => {
  test('are refused', async () => {
    const inner = memoryStore();
    await inner.put(KEY, TEXT, LATER);
    await refusedBy(encrypted(inner, SECRET).read(KEY));
  });

  test('are read until the day given, and sealed with their next update', async () => {
    const clock = fakeClock();
    const inner = memoryStore();
    const store = encrypted(inner, SECRET, { acceptPlainUntil: new Date(clock.now() + 1000), clock });
    const bytes = new TextEncoder().encode('plain');
    await inner.put(OTHER, bytes, LATER);
    await inner.put(KEY, TEXT, LATER);
    const record = (await store.read(KEY)) as StoredRecord;
    expect([record.document, await documentOf(store, OTHER)]).toEqual([TEXT, bytes]);
    expect((await store.update(KEY, record.version, TEXT, LATER)).result).toBe('ok');
    clock.tick('1s');
    expect(await documentOf(store)).toBe(TEXT);
    await refusedBy(store.read(OTHER));
  });

  test('do not open the door to sealed ones that were tampered with or moved', async () => {
    const inner = memoryStore();
    const store = encrypted(inner, SECRET, { acceptPlainUntil: new Date(Date.now() + 1e6) });
    await store.put(KEY, TEXT, LATER);
    await inner.put(OTHER, await documentOf(inner), LATER);
    await refusedBy(store.read(OTHER));
  });
});

describe('the rest of the store', () => {
  test('closed documents are sealed too, and are closed when they come back', async () => {
    const inner = memoryStore();
    const store = encrypted(inner, SECRET);
    await store.put(KEY, closedDocument('nonce'), LATER);
    expect(closedNonce(await documentOf(inner))).toBeUndefined();
    expect(closedNonce(await documentOf(store))).toBe('nonce');
  });

  test('sessions on it begin, change, rotate, end and stay ended, and the inner store never has their data', async () => {
    const inner = memoryStore();
    const events: SessionEvent[] = [];
    const sessions = createSessions({ store: encrypted(inner, SECRET), onEvent: (event) => events.push(event) });
    const visit = async (cookie: string | undefined, act: (session: Session) => unknown) => {
      const session = (await sessions.open(request(cookie))) as Session;
      await act(session);
      return (await sessions.commit(session, { status: 200 })).setCookie[0]?.split(';')[0] ?? cookie;
    };
    const first = await visit(undefined, (session) => session.set('user', 'ann'));
    const second = await visit(first, (session) => session.regenerate({ keep: true }));
    expect(second).not.toBe(first);
    await visit(first, (session) => expect(session.get('user')).toBeUndefined());
    await visit(second, (session) => expect(session.get('user')).toBe('ann'));
    for (const { key } of (await inner.scan?.(undefined, 100))?.entries ?? []) {
      expect(Buffer.from((await documentOf(inner, key)) as Uint8Array).toString('latin1')).not.toMatch(/user|closed/);
    }
    await visit(second, (session) => session.destroy());
    await visit(second, (session) => session.set('user', 'eve'));
    expect(events.map(({ type }) => type)).toContain('gone');
    await sessions.close();
  });

  test('verbs and capabilities are those of the inner store', () => {
    const inner = memoryStore();
    const { maxBytes, ...same } = encrypted(inner, SECRET).capabilities;
    expect(inner.capabilities).toMatchObject(same);
    const optional = ['readMany', 'serverOf', 'listOwned', 'forget', 'sweep', 'scan', 'close'] as const;
    const verbs = (store: Store): string[] => optional.filter((verb) => store[verb] !== undefined);
    expect(verbs(encrypted(inner, SECRET))).toEqual(verbs(inner));
    const bare = withVerbs(inner, Object.fromEntries(optional.map((verb) => [verb, undefined])));
    expect(verbs(encrypted(bare, SECRET))).toEqual([]);
    const full = withVerbs(inner, { serverOf: (key) => key.slice(0, 1), close: async () => undefined });
    expect(encrypted(full, SECRET).serverOf?.(KEY)).toBe('a');
    expect(encrypted(full, SECRET).close).toBeDefined();
  });
});
