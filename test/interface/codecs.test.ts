import { describe, expect, test } from 'vitest';
import type { Codec, DecodedRecord } from '../../src/codec/contract.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import type { Schema } from '../../src/interface/schema.ts';
import { dump, setup } from './harness.ts';

/** Nothing but the two verbs that are needed, and bytes instead of text. */
const bytes: Codec = {
  encode: (record) => new TextEncoder().encode(JSON.stringify(record)),
  decode: (document) => JSON.parse(new TextDecoder().decode(document as Uint8Array)),
};

describe('a codec of the user’s', () => {
  test('needs encode and decode only, and may write bytes', async () => {
    const { browser, base, heard } = setup({ codec: bytes });
    await browser.visit((session) => session.set('cart', { items: ['tea'] }));
    const [slow, fast] = [await browser.begin(), await browser.begin()];
    slow.session.cart.items.push('milk');
    slow.session.update('n', (n = 0) => n + 1);
    fast.session.update('n', (n = 0) => n + 1);
    await Promise.all([fast.end(), slow.end()]);
    expect(await browser.read((session) => session.toJSON())).toEqual({ cart: { items: ['tea', 'milk'] }, n: 2 });
    expect(heard('conflict')).toHaveLength(1);
    const key = (await dump(base))[0]?.key ?? '';
    expect((await base.read(key))?.document).toBeInstanceOf(Uint8Array);
    const copy = browser.clone();
    await browser.visit((session) => session.regenerate({ keep: true }));
    expect(await copy.read((session) => session.keys())).toEqual([]);
  });

  test('that writes what reads as closed gets CODEC_RESERVED, and no cookie is sent', async () => {
    const { browser, base } = setup({ codec: { ...bytes, encode: () => ' {"~closed" :1}' } });
    const changes = await browser.visit((session) => session.set('a', 1));
    expect(changes).toMatchObject({ setCookie: [], error: { code: 'CODEC_RESERVED' } });
    expect(await dump(base)).toEqual([]);
  });

  test.each<[string, unknown]>([
    ['a promise', Promise.resolve('{}')],
    ['an object', {}],
    ['nothing', undefined],
  ])('that writes %s is told what to write', async (_what, document) => {
    const { browser } = setup({ codec: { ...bytes, encode: () => document as never } });
    const { error } = await browser.visit((session) => session.set('a', 1));
    expect(error).toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining('codec.encode') });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['no data', { meta: { created: 1, commits: 1, nonces: [] } }],
    ['data that is text', { data: 'x', meta: { created: 1, commits: 1, nonces: [] } }],
    ['data that is a list', { data: [], meta: { created: 1, commits: 1, nonces: [] } }],
    ['no meta', { data: {} }],
    ['meta without nonces', { data: {}, meta: { created: 1, commits: 1 } }],
    ['a promise', Promise.resolve({ data: {}, meta: {} })],
  ])('that reads %s leaves a new session and an event, never an error', async (_what, record) => {
    let broken = false;
    const codec: Codec = {
      encode: bytes.encode,
      decode: (document) => (broken ? (record as DecodedRecord) : bytes.decode(document)),
    };
    const { browser, heard } = setup({ codec });
    await browser.visit((session) => session.set('a', 1));
    broken = true;
    const changes = await browser.visit((session) => expect(session.keys()).toEqual([]));
    expect(changes).toEqual({ setCookie: [], looked: true });
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['unreadable']);
  });
});

describe('a codec that wraps the native one', () => {
  test.each<[string, (data: Record<string, unknown>) => unknown]>([
    ['too many keys', () => ({ list: Array.from({ length: 1001 }, () => 0) })],
    ['too many levels', (data) => Array.from({ length: 20 }).reduce((inner) => ({ inner }), data)],
    ['a key that reaches a prototype', () => JSON.parse('{"__proto__":{"admin":true}}')],
  ])('is checked for %s in what it makes of a record', async (_what, more) => {
    const native = nativeCodec();
    let adds = false;
    const codec: Codec = {
      ...native,
      decode: (document) => {
        const { data, meta } = native.decode(document);
        return { data: adds ? (more(data) as Record<string, unknown>) : data, meta };
      },
    };
    const { browser, heard } = setup({ codec });
    await browser.visit((session) => session.set('a', 1));
    adds = true;
    await browser.visit((session) => expect(session.keys()).toEqual([]));
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['unreadable']);
  });
});

describe('documents in the store', () => {
  test.each([
    '',
    'x',
    '{',
    '[]',
    'null',
    '{}',
    '{"meta":{},"data":{}}',
    '{"meta":{"format":1,"created":1,"commits":0,"nonces":[]},"data":{"__proto__":{"admin":true}}}',
    `{"meta":{"format":1,"created":1,"commits":0,"nonces":[]},"data":{"a":${'['.repeat(20)}${']'.repeat(20)}}}`,
    '\uffff\0',
  ])('the unreadable document %j is a new session and an event, and a write opens a new one', async (document) => {
    const { browser, base, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const { cookie } = browser;
    const [only] = await dump(base);
    await base.put(only?.key ?? '', document, Number(only?.expiresAt));
    const changes = await browser.visit((session) => {
      expect(session.isNew).toBe(true);
      expect(session.admin).toBeUndefined();
    });
    expect(changes.setCookie).toEqual([]);
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['unreadable']);
    await browser.visit((session) => session.set('a', 1));
    expect(browser.cookie).not.toBe(cookie);
    expect((await base.read(only?.key ?? ''))?.document).toBe(document);
  });

  test('a newer format is treated like a closed ticket and left alone', async () => {
    const { browser, base, heard } = setup();
    await browser.visit((session) => session.set('user', 'ann'));
    const [only] = await dump(base);
    const newer = (only?.document ?? '').replace('"format":1', '"format":2');
    await base.put(only?.key ?? '', newer, Number(only?.expiresAt));
    const changes = await browser.visit((session) => {
      expect(session.keys()).toEqual([]);
      session.cart = 1;
    });
    expect(changes.setCookie).toEqual([]);
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['newer']);
    expect(heard('gone')).toHaveLength(1);
    expect((await base.read(only?.key ?? ''))?.document).toBe(newer);
  });

  test('bounds hold on every encode: too large is 413, and nothing is stored or sent', async () => {
    const { browser, base } = setup({ limits: { bytes: 500 } });
    const big = await browser.visit((session) => session.assign({ a: 'x'.repeat(300), b: 'y'.repeat(300) }));
    expect(big).toMatchObject({ setCookie: [], error: { code: 'SESSION_TOO_LARGE', status: 413 } });
    expect(await dump(base)).toEqual([]);
  });
});

describe('schema', () => {
  const schema = (validate: Schema['~standard']['validate']): Schema => ({
    '~standard': { version: 1, vendor: 'test', validate },
  });

  test('data of an old shape is a new session and event rejected; data that fits is left as stored', async () => {
    const first = setup();
    await first.browser.visit((session) => session.set('user', 1));
    const texts = schema((value) =>
      typeof (value as { user?: unknown }).user === 'string' ? { value: {} } : { issues: [{ message: 'user' }] },
    );
    const { newBrowser, heard } = setup({ schema: texts, base: first.base });
    const browser = newBrowser(first.browser.cookie);
    expect(await browser.read((session) => session.user)).toBeUndefined();
    expect(heard('rejected').map(({ reason }) => reason)).toEqual(['schema']);
    await browser.visit((session) => session.set('user', 'ann'));
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('an asynchronous schema is told to be synchronous', async () => {
    const { browser } = setup({ schema: schema(async () => ({ value: 1 })) });
    await browser.visit((session) => session.set('a', 1));
    const { session } = await browser.begin();
    expect(() => session.a).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });

  test('a schema that throws is the error of the application, and costs nobody a session', async () => {
    const { browser, heard } = setup({
      schema: schema(() => {
        throw new TypeError('schema');
      }),
    });
    await browser.visit((session) => session.set('a', 1));
    const { session, end } = await browser.begin();
    expect(() => session.a).toThrow('schema');
    expect((await end()).setCookie).toEqual([]);
    expect(heard('rejected')).toHaveLength(0);
  });
});
