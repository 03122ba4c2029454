import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { openMemcached } from '../../src/store/memcached.ts';
import { type FakeMemcached, fakeMemcached, greeting } from '../support/servers/fake-memcached.ts';

const KEY = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);
const VALUE = `1t${'1795280000123'.padStart(16, '0')}\n`;
const END = Date.now() + 3_600_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

async function connected(): Promise<{ server: FakeMemcached; store: Store }> {
  const server = await fakeMemcached();
  const store = await openMemcached({ url: server.url });
  onTestFinished(async () => {
    await store.close?.();
    await server.stop();
  });
  return { server, store };
}

/** The number that a command carries. */
async function numberOf(server: FakeMemcached, command: RegExp): Promise<string> {
  return (await server.hears(new RegExp(`${command.source}.* (O\\d+)\\r\\n`)))[1] ?? '';
}

describe('a server that is unfit ends the start with what is wrong', () => {
  test.each([
    ['too old', greeting({ version: '1.6.11' }), /1\.6\.12 or newer/],
    ['much too old', greeting({ version: '1.4.39' }), /1\.6\.12 or newer/],
    ['without numbers', greeting({ cas_enabled: 'no' }), /runs with -C/],
    ['a proxy, which has no run of its own', greeting({ pid: undefined }), /a proxy in between is not supported/],
    ['a Redis', "-ERR unknown command 'version'\r\n", /no memcached itself/],
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', /no memcached itself/],
    ['one that wants a login', 'CLIENT_ERROR unauthenticated\r\n', /wants a user and a password/],
    ['one that says nothing but ERROR', 'ERROR\r\nERROR\r\nERROR\r\n', /no memcached itself/],
  ])('%s', async (_name, words, message) => {
    const server = await fakeMemcached(() => words);
    onTestFinished(() => server.stop());
    const failed = { code: 'STORE_FAILED', outcome: 'none', retryable: false };
    const opened = openMemcached({ url: server.url });
    await expect(opened).rejects.toMatchObject({ ...failed, message: expect.stringMatching(message) });
  });

  test.each([['1.6.12'], ['1.6.38'], ['1.7.0'], ['2.0.0-beta']])('and memcached %s is fit', async (version) => {
    const server = await fakeMemcached(() => greeting({ version }));
    const store = await openMemcached({ url: server.url });
    await store.close?.();
    await server.stop();
  });

  test('one that says nothing is given up in time', async () => {
    const server = await fakeMemcached(() => undefined);
    onTestFinished(() => server.stop());
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const opened = openMemcached({ url: server.url });
    const refused = expect(opened).rejects.toMatchObject({ code: 'STORE_FAILED', retryable: true });
    await server.hears(/^$/);
    vi.advanceTimersByTime(1500);
    await refused;
  });

  test('nobody there', async () => {
    const server = await fakeMemcached();
    await server.stop();
    const gone = {
      code: 'STORE_FAILED',
      outcome: 'none',
      message: expect.stringContaining(`127.0.0.1:${server.port}`),
    };
    await expect(openMemcached({ url: server.url })).rejects.toMatchObject(gone);
  });

  test('a memory limit that is raised or lowered (-I) is that of the capabilities', async () => {
    const server = await fakeMemcached(() => greeting({ item_size_max: '8388608' }));
    const store = await openMemcached({ url: server.url });
    expect(store.capabilities.maxBytes).toBeGreaterThan(8_380_000);
    expect(store.capabilities.maxBytes).toBeLessThan(8_388_608);
    await store.close?.();
    await server.stop();
  });
});

test('calls of one turn leave in one piece, and answers are matched in their order', async () => {
  const { server, store } = await connected();
  const first = store.read(KEY);
  const second = store.update(KEY, '', 'x', END);
  const third = store.read(OTHER);
  await server.hears(/^mg coatcheck:a{64} v c O1\r\nmg coatcheck:a{64} v c O2\r\nmg coatcheck:b{64} v c O3\r\n$/);
  server.say(`VA 22 c5 O1\r\n${VALUE}one\r\nEN O2\r\nVA 22 c6 O3\r\n${VALUE}two\r\n`);
  expect((await first)?.document).toBe('one');
  expect(await second).toEqual({ result: 'gone' });
  expect((await third)?.document).toBe('two');
});

test('an answer may come in pieces, cut at any byte', async () => {
  const { server, store } = await connected();
  const document = 'a\r\nEN\r\nb';
  const answerTo = (number: number): string =>
    `VA ${VALUE.length + document.length} c5 O${number}\r\n${VALUE}${document}\r\n`;
  for (let cut = 1; cut < answerTo(1).length; cut++) {
    const read = store.read(KEY);
    await server.hears(new RegExp(`O${cut}\r\n$`));
    const answer = answerTo(cut);
    server.say(answer.slice(0, cut));
    await new Promise((resolve) => setTimeout(resolve, 1));
    server.say(answer.slice(cut));
    expect((await read)?.document).toBe(document);
  }
  expect(server.connections).toBe(1);
});

describe('what is no answer fails the call, closes the connection, and the next one is made', () => {
  test.each([
    ['the error of an unknown command', () => 'ERROR\r\n'],
    ['a command that was not understood', () => 'CLIENT_ERROR bad command line format\r\n'],
    ['noise', () => 'blah blah\r\n'],
    ['a line end alone', () => '\r\n'],
    ['a line without its return', () => 'EN\n'],
    ['a line without an end', () => 'x'.repeat(10_000)],
    ['a value of another command', (number: string) => `HD ${number}\r\n`],
    ['a value without a size', (number: string) => `VA c1 ${number}\r\n`],
    ['a value that is larger than can be', (number: string) => `VA 9999999999 c1 ${number}\r\n`],
    ['a value that is longer than it says', (number: string) => `VA 19 c1 ${number}\r\n${VALUE}more\r\n`],
    ['the value of another call', () => `VA 22 c1 O999\r\n${VALUE}eve\r\n`],
    ['a value of nobody’s', () => `VA 22 c1\r\n${VALUE}eve\r\n`],
    ['a miss of another call', () => 'EN O999\r\n'],
  ])('%s', async (_name, answer) => {
    const { server, store } = await connected();
    const read = store.read(KEY);
    const written = store.put(OTHER, 'x', END);
    for (const call of [read, written]) call.catch(() => undefined);
    server.say(answer(await numberOf(server, /mg coatcheck:a+ v c/)));
    await expect(read).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
    await expect(written).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'unknown' });
    await expect.poll(() => server.connections).toBe(2);
    await expect
      .poll(async () => (await Promise.race([store.read(KEY), 'asked']).catch(() => 'down')) === 'asked')
      .toBe(true);
    server.say(`EN ${await numberOf(server, /mg coatcheck:a+ v c/)}\r\n`);
  });

  test('an answer that nobody asked for', async () => {
    const { server, store } = await connected();
    server.say('EN O1\r\n');
    await expect.poll(() => server.connections).toBe(2);
    expect(store).toBeDefined();
  });
});

test('an error of the server is that of its call alone', async () => {
  const { server, store } = await connected();
  const [created, busy, read] = [store.create(KEY, 'x', END), store.put(KEY, 'x', END), store.read(KEY)];
  for (const call of [created, busy]) call.catch(() => undefined);
  await server.hears(/mg /);
  server.say('SERVER_ERROR object too large for cache\r\nSERVER_ERROR geheim\r\nEN O3\r\n');
  await expect(created).rejects.toMatchObject({ code: 'SESSION_TOO_LARGE', outcome: 'none' });
  const failed = { code: 'STORE_FAILED', outcome: 'unknown', message: expect.not.stringContaining('geheim') };
  await expect(busy).rejects.toMatchObject(failed);
  expect(await read).toBeUndefined();
  expect(server.connections).toBe(1);
});

test('answers of versions that number neither misses nor refusals are understood', async () => {
  const { server, store } = await connected();
  const calls = [store.read(KEY), store.destroy(KEY), store.update(KEY, '7-tlv5qo.3', 'x', END)];
  await server.hears(/mg (.|\r|\n)*md (.|\r|\n)*/);
  server.say('EN\r\nNF \r\n');
  expect(await calls[0]).toBeUndefined();
  expect(await calls[1]).toBe(false);
  server.say('EN\r\n');
  expect(await calls[2]).toEqual({ result: 'gone' });
});

test('a connection that breaks leaves writes in doubt and reads without effect, and nothing is sent again', async () => {
  const server = await fakeMemcached();
  const store = await openMemcached({ url: server.url });
  onTestFinished(() => store.close?.());
  const calls = [store.read(KEY), store.destroy(KEY), store.create(KEY, 'x', END), store.touch(KEY, '', END)];
  for (const call of calls) call.catch(() => undefined);
  await server.hears(/ms /);
  await server.stop();
  const failed = { code: 'STORE_FAILED', retryable: true, message: expect.stringContaining('broke') };
  await expect(calls[0]).rejects.toMatchObject({ ...failed, outcome: 'none' });
  await expect(calls[1]).rejects.toMatchObject({ ...failed, outcome: 'unknown' });
  await expect(calls[2]).rejects.toMatchObject({ ...failed, outcome: 'unknown' });
  expect(await calls[3]).toBe(false);
});

test('while a server is away a call fails at once; after a second its error says that waiting is no use', async () => {
  const server = await fakeMemcached();
  const store = await openMemcached({ url: server.url });
  onTestFinished(() => store.close?.());
  await server.stop();
  const away = { code: 'STORE_FAILED', outcome: 'none', message: expect.stringContaining('no connection to it now') };
  await expect.poll(() => store.read(KEY).catch((error: Error) => error)).toMatchObject({ ...away, retryable: true });
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + 1500);
  await expect(store.read(KEY)).rejects.toMatchObject({ ...away, retryable: false });
  await expect(store.put(KEY, 'x', END)).rejects.toMatchObject({ ...away, retryable: false });
  expect(await store.readMany?.([KEY, OTHER])).toEqual([expect.objectContaining(away), expect.objectContaining(away)]);
});

test('a silent server is given up and connected anew, but not one that is only slow', async () => {
  const { server, store } = await connected();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const [first, second] = [store.read(KEY), store.destroy(KEY)];
  second.catch(() => undefined);
  await server.hears(/md /);
  server.say('EN O1\r\n');
  await first;
  // Something was heard meanwhile.
  vi.advanceTimersByTime(2500);
  expect(server.connections).toBe(1);
  vi.advanceTimersByTime(2500);
  await expect(second).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'unknown' });
  vi.advanceTimersByTime(100);
  vi.useRealTimers();
  await expect.poll(() => server.connections).toBe(2);
});

test('what waits for a server that takes nothing more has an end', async () => {
  const { server, store } = await connected();
  server.deafen();
  const document = 'x'.repeat(1_000_000);
  const refused: unknown[] = [];
  for (let at = 0; at < 60; at++) {
    store.put(KEY, document, END).catch((error: unknown) => refused.push(error));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(refused.length).toBeGreaterThan(10);
  for (const error of refused) expect(error).toMatchObject({ code: 'STORE_FAILED', outcome: 'none' });
});
