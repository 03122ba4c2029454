import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { scriptAnswers, startRelay } from './servers/relay.ts';
import { Frames, frameEnd, words } from './servers/resp.ts';

const command = (...parts: string[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join('')}`;

/** A server that answers each command with its first word, or with an error to `unknown`. */
async function echo(): Promise<{ port: number; heard: string[][] }> {
  const heard: string[][] = [];
  const server = createServer((socket) => {
    const frames = new Frames();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const said of frames.push(chunk).map(words)) {
        heard.push(said);
        socket.write(said[1] === 'unknown' ? '-NOSCRIPT No matching script.\r\n' : `+${said[0]}\r\n`);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, heard };
}

async function setUp() {
  const { port, heard } = await echo();
  const relay = await startRelay(port);
  onTestFinished(() => relay.stop());
  const dial = async (): Promise<{ socket: Socket; text: () => string; closed: Promise<unknown> }> => {
    const socket = connect(relay.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => undefined);
    const closed = once(socket, 'close');
    await once(socket, 'connect');
    return { socket, text: () => text, closed };
  };
  return { relay, heard, dial };
}

test.each([
  '+OK\r\n',
  ':1\r\n',
  '$-1\r\n',
  '$0\r\n\r\n',
  '$5\r\na\r\nbc\r\n',
  '*-1\r\n',
  '*0\r\n',
  '*2\r\n*1\r\n:1\r\n$1\r\na\r\n',
  '%1\r\n+a\r\n*1\r\n_\r\n',
  '|1\r\n+a\r\n:1\r\n+OK\r\n',
  '=7\r\ntxt:abc\r\n',
])('the frame %j ends where it ends, and not before it is whole', (text) => {
  const frame = Buffer.from(text);
  for (let length = 0; length < frame.length; length++) expect(frameEnd(frame.subarray(0, length), 0)).toBe(-1);
  expect(frameEnd(Buffer.concat([frame, frame]), 0)).toBe(frame.length);
});

test('a relay passes on what it is given, in pieces of any size, and counts it', async () => {
  const { relay, dial } = await setUp();
  const { socket, text } = await dial();
  const bytes = command('GET', 'ä\r\n') + command('SET', 'b', '');
  for (const byte of Buffer.from(bytes)) socket.write(Buffer.from([byte]));
  await expect.poll(text).toBe('+GET\r\n+SET\r\n');
  expect(relay.seen.commands).toEqual([
    ['GET', 'ä\r\n'],
    ['SET', 'b', ''],
  ]);
  expect([relay.seen.bytesUp, relay.seen.bytesDown]).toEqual([Buffer.byteLength(bytes), 12]);
});

test('commands that leave together are one round trip', async () => {
  const { relay, dial } = await setUp();
  const { socket, text } = await dial();
  socket.write(command('A') + command('B'));
  await expect.poll(text).toBe('+A\r\n+B\r\n');
  socket.write(command('C'));
  await expect.poll(text).toBe('+A\r\n+B\r\n+C\r\n');
  expect(relay.seen).toMatchObject({ roundTrips: 2, commands: [['A'], ['B'], ['C']] });
});

test('the answer of a script that ran is lost with its connection, and everything else arrives', async () => {
  const { relay, heard, dial } = await setUp();
  relay.swallow(scriptAnswers);
  const { socket, text, closed } = await dial();
  socket.write(command('EVALSHA', 'unknown') + command('GET', 'a') + command('evalsha', 'known') + command('GET', 'b'));
  await closed;
  expect(text()).toBe('-NOSCRIPT No matching script.\r\n+GET\r\n');
  expect(heard.map(([verb]) => verb)).toEqual(['EVALSHA', 'GET', 'evalsha', 'GET']);
  expect(relay.seen.lost).toBe(1);
  const again = await dial();
  relay.heal();
  again.socket.write(command('EVALSHA', 'known'));
  await expect.poll(again.text).toBe('+EVALSHA\r\n');
});

test('answers that are held come when the relay is healed', async () => {
  const { relay, heard, dial } = await setUp();
  const { socket, text } = await dial();
  relay.hold();
  socket.write(command('A') + command('B'));
  await expect.poll(() => heard.length).toBe(2);
  expect(text()).toBe('');
  relay.heal();
  await expect.poll(text).toBe('+A\r\n+B\r\n');
});

test('answers that are delayed keep their order, also when the relay is healed meanwhile', async () => {
  const { relay, heard, dial } = await setUp();
  const { socket, text } = await dial();
  relay.delay(50);
  const begun = performance.now();
  socket.write(command('A'));
  await expect.poll(text).toBe('+A\r\n');
  expect(performance.now() - begun).toBeGreaterThan(45);
  relay.delay(60_000);
  socket.write(command('B'));
  await expect.poll(() => heard.length).toBe(2);
  relay.delay(0);
  socket.write(command('C'));
  await expect.poll(() => heard.length).toBe(3);
  expect(text()).toBe('+A\r\n');
  relay.heal();
  await expect.poll(text).toBe('+A\r\n+B\r\n+C\r\n');
});
