import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Codec, DecodedRecord } from '../../src/codec/contract.ts';
import { nativeCodec } from '../../src/codec/index.ts';
import { createSessions, type Session, type SessionEvent } from '../../src/index.ts';
import { keyOf } from '../../src/keys/ids.ts';
import type { Document, Store } from '../../src/store/contract.ts';
import { onEveryStore } from '../support/every-store.ts';
import { Browser } from '../support/visit.ts';

type Data = Record<string, any>;

/** Nothing but two functions, as another library's serializer has them; gives text. */
const text: Codec = {
  encode: (record) => `v1 ${JSON.stringify(record)}`,
  decode: (document) => {
    if (typeof document !== 'string' || !document.startsWith('v1 ')) throw new TypeError('not written by this one');
    return JSON.parse(document.slice(3)) as DecodedRecord;
  },
};

/** Gives bytes that are no UTF-8. */
const bytes: Codec = {
  encode: (record) => new Uint8Array([0, 255, ...deflateRawSync(JSON.stringify(record))]),
  decode: (document) => JSON.parse(inflateRawSync((document as Uint8Array).subarray(2)).toString()) as DecodedRecord,
};

const native = nativeCodec();

/** Reads what the default codec and `bytes` wrote, and writes bytes: for the days of a change. */
const changing: Codec = {
  encode: bytes.encode,
  decode: (document) => (typeof document === 'string' ? native : bytes).decode(document) as DecodedRecord,
};

const CODECS: readonly (readonly [gives: string, codec: Codec, wrote: (document: Document) => boolean])[] = [
  ['text', text, (document) => String(document).startsWith('v1 {')],
  ['bytes', bytes, (document) => document instanceof Uint8Array && document[0] === 0 && document[1] === 255],
];

function sessionsOn(store: Store, codec?: Codec) {
  const events: SessionEvent[] = [];
  const sessions = createSessions<Data>({
    store,
    sweep: false,
    ownerOf: ({ user }) => user,
    onEvent: (event) => events.push(event),
    ...(codec && { codec }),
  });
  const types = () => events.map(({ type, reason }) => (reason === undefined ? type : `${type} ${reason}`));
  return { sessions, types, browser: new Browser<Session<Data>>(sessions) };
}

/** The record of a browser's session, as the store has it. */
async function recordOf({ cookie = '' }: Browser<Session<Data>>, store: Store) {
  const record = await store.read(keyOf(cookie.slice(cookie.indexOf('=') + 1)));
  if (record === undefined) throw new Error('no record');
  return record;
}

async function documentsOf(store: Store): Promise<Document[]> {
  const found: Document[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.scan?.(cursor, 100);
    for (const { key } of page?.entries ?? []) found.push((await store.read(key))?.document ?? '');
    cursor = page?.cursor;
  } while (cursor !== undefined);
  return found;
}

await onEveryStore('a codec of the user’s', (open) => {
  describe.each(CODECS)('that gives %s', (_gives, codec, wrote) => {
    test('holds a whole session: overlaps, a new id, an owner, a logout', async () => {
      const store = await open();
      const { sessions, browser, types } = sessionsOn(store, codec);
      await browser.visit((session) => session.set('cart', { items: ['täa\0 '] }));
      expect(wrote((await recordOf(browser, store)).document)).toBe(true);
      const visits = await Promise.all([1, 2, 3].map(() => browser.begin()));
      for (const { session } of visits) session.update('n', (n = 0) => n + 1);
      for (const ended of await Promise.all(visits.map(({ end }) => end()))) expect(ended.error).toBeUndefined();
      expect(types()).toContain('conflict');
      const before = browser.clone();
      await browser.visit((session) => session.set('user', 'ann'));
      expect(await browser.read((session) => session.toJSON())).toEqual({
        cart: { items: ['täa\0 '] },
        n: 3,
        user: 'ann',
      });
      expect(await before.read((session) => session.keys())).toEqual([]);
      const { owners } = store.capabilities;
      if (owners) expect(await sessions.listFor('ann')).toHaveLength(1);
      const copy = browser.clone();
      await browser.visit((session) => session.destroy());
      expect(await copy.read((session) => session.keys())).toEqual([]);
      if (owners) expect(await sessions.listFor('ann')).toEqual([]);
      expect(types().filter((type) => type.startsWith('rejected'))).toEqual([]);
    });

    test('holds records and the direct interface too', async () => {
      const store = await open();
      const { sessions } = sessionsOn(store, codec);
      const tries = sessions.records<number>('tries');
      await Promise.all([1, 2, 3].map(() => tries.update('ann', (n = 0) => n + 1, { expiresIn: '1h' })));
      expect(await tries.get('ann')).toBe(3);
      await sessions.backend.set('quote', { by: ['ann'] }, 60);
      expect(await sessions.backend.get('quote')).toEqual({ by: ['ann'] });
      const documents = await documentsOf(store);
      if (store.capabilities.scan) expect(documents).toHaveLength(2);
      for (const document of documents) expect(wrote(document)).toBe(true);
      expect(await sessions.backend.delete('quote')).toBe(true);
    });

    test('that comes later takes the sessions of the default one for new ones, and breaks nothing', async () => {
      const store = await open();
      const first = sessionsOn(store);
      await first.browser.visit((session) => session.set('user', 'ann'));
      const { sessions, types } = sessionsOn(store, codec);
      const browser = new Browser<Session<Data>>(sessions, first.browser.cookie);
      expect(await browser.read((session) => session.keys())).toEqual([]);
      expect(types()).toContain('rejected unreadable');
      await browser.visit((session) => session.set('user', 'bob'));
      expect(browser.cookie).not.toBe(first.browser.cookie);
      expect(await browser.read((session) => session.user)).toBe('bob');
      expect(await first.browser.read((session) => session.user)).toBe('ann');
    });
  });

  test('one that reads both keeps everybody’s session while it changes, and writes the new one', async () => {
    const store = await open();
    const { browser } = sessionsOn(store);
    await browser.visit((session) => session.set('n', 1));
    const later = new Browser<Session<Data>>(sessionsOn(store, changing).sessions, browser.cookie);
    expect(await later.read((session) => session.n)).toBe(1);
    await later.visit((session) => session.update('n', (n: number) => n + 1));
    expect(await later.read((session) => session.n)).toBe(2);
    expect((await recordOf(later, store)).document).toBeInstanceOf(Uint8Array);
  });
});
