import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Store } from '../../src/store/contract.ts';
import { createTable, type DynamodbClient, type DynamodbStoreOptions, openDynamodb } from '../../src/store/dynamodb.ts';
import { CREDENTIALS } from '../support/servers/dynamodb.ts';

const KEY = 'a'.repeat(64);

afterEach(() => void vi.useRealTimers());

/** A client that answers nothing of interest, and what it was asked. */
function listening(answer: object = {}): {
  client: DynamodbClient;
  calls: { name: string; input: Record<string, unknown> }[];
} {
  const calls: { name: string; input: Record<string, unknown> }[] = [];
  const client: DynamodbClient = {
    async send(command) {
      const { input } = command as { input: Record<string, unknown> };
      calls.push({ name: command.constructor.name, input });
      return answer;
    },
  };
  return { client, calls };
}

interface Served {
  open(credentials?: DynamodbStoreOptions['credentials']): Promise<Store>;
  calls(): number;
}

/** A store on a server that treats each call as told; how many calls came. */
async function served(status: number | 'never'): Promise<Served> {
  let calls = 0;
  const server = createServer((request, response) => {
    calls += 1;
    request.resume();
    // The opening is answered.
    if (calls > 1 && status === 'never') return;
    response.writeHead(calls === 1 ? 200 : Number(status), { 'Content-Type': 'application/x-amz-json-1.0' });
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    open: (credentials = CREDENTIALS) => openDynamodb({ region: 'eu-west-1', endpoint, credentials }),
    calls: () => calls,
  };
}

test('whatever is read is read consistently', async () => {
  const { client, calls } = listening();
  const store = await openDynamodb({ client, table: 'sessions' });
  await store.read(KEY);
  await store.readMany?.([KEY, 'b']);
  await store.listOwned?.('ann');
  await store.scan?.(undefined, 5);
  const consistent = calls.map(({ name, input }) => {
    const { RequestItems } = input as { RequestItems?: { sessions: object } };
    return [name, (RequestItems?.sessions ?? input) as { ConsistentRead?: boolean }] as const;
  });
  expect(consistent.map(([name, { ConsistentRead }]) => [name, ConsistentRead])).toEqual([
    ['GetItemCommand', true],
    ['GetItemCommand', true],
    ['BatchGetItemCommand', true],
    ['QueryCommand', true],
    ['ScanCommand', true],
  ]);
});

test('a verb is one call, and one more for the owner’s list', async () => {
  const was = { owner: { S: 'ann' }, entry: { S: 'v' } };
  const { client, calls } = listening({ Attributes: was });
  const store = await openDynamodb({ client, table: 'sessions' });
  const ann = { name: 'ann', until: 5 };
  const cost = async (act: () => unknown): Promise<string[]> => {
    calls.length = 0;
    await act();
    return calls.map(({ name }) => name.replace('Command', ''));
  };
  expect(await cost(() => store.read(KEY))).toEqual(['GetItem']);
  expect(await cost(() => store.readMany?.([KEY, 'b', 'c']))).toEqual(['BatchGetItem']);
  expect(await cost(() => store.create(KEY, 'x', 5))).toEqual(['PutItem']);
  expect(await cost(() => store.create(KEY, 'x', 5, ann))).toEqual(['PutItem', 'PutItem']);
  expect(await cost(() => store.update(KEY, 'v', 'x', 5))).toEqual(['UpdateItem']);
  expect(await cost(() => store.touch(KEY, 'v', 5))).toEqual(['UpdateItem']);
  expect(await cost(() => store.put(KEY, 'x', 5, ann))).toEqual(['PutItem', 'PutItem']);
  expect(await cost(() => store.put(KEY, 'x', 5))).toEqual(['PutItem', 'DeleteItem']);
  expect(await cost(() => store.destroy(KEY, 'ann'))).toEqual(['DeleteItem', 'DeleteItem']);
  Reflect.deleteProperty(was, 'owner');
  expect(await cost(() => store.put(KEY, 'x', 5))).toEqual(['PutItem']);
  expect(await cost(() => store.destroy(KEY))).toEqual(['DeleteItem']);
});

test('after a freeze the first call does not take a signal that is about to abort', async () => {
  const signals: unknown[] = [];
  const client: DynamodbClient = {
    async send(_command, options) {
      signals.push((options as { abortSignal?: AbortSignal }).abortSignal);
      return {};
    },
  };
  const store = await openDynamodb({ client });
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockReturnValue(now + 1000);
  onTestFinished(() => clock.mockRestore());
  await store.read(KEY);
  await store.read(KEY);
  clock.mockReturnValue(now + 60_000);
  await store.read(KEY);
  expect(signals[1] === signals[2]).toBe(true);
  expect(new Set(signals).size).toBe(3);
});

test('bytes that change after a write was begun are stored as they were', async () => {
  const { client, calls } = listening();
  const store = await openDynamodb({ client });
  const bytes = new Uint8Array([1, 2]);
  const written = store.put(KEY, bytes, 5);
  bytes.fill(0);
  await written;
  const { Item } = (calls[1]?.input ?? {}) as { Item?: { document?: { B?: Uint8Array } } };
  expect([...(Item?.document?.B ?? [])]).toEqual([1, 2]);
});

/** A client that answers the calls for a table as told, the last answer again and again. */
function told(answers: Readonly<Record<string, readonly (object | Error)[]>>): DynamodbClient {
  const left = new Map(Object.entries(answers).map(([name, all]) => [`${name}Command`, [...all]]));
  return {
    async send(command) {
      const all = left.get(command.constructor.name) ?? [];
      const answer = (all.length > 1 ? all.shift() : all[0]) ?? {};
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
}

const named = (name: string): Error => Object.assign(new Error(name), { name });
const KEYS = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
];
const ACTIVE = { Table: { TableStatus: 'ACTIVE', KeySchema: KEYS } };
const TTL_ON = { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLING', AttributeName: 'ttl' } };

test('createTable waits for a table that DynamoDB does not know yet, though it was just made', async () => {
  const DescribeTable = [named('ResourceNotFoundException'), ACTIVE];
  await createTable({ client: told({ DescribeTable, DescribeTimeToLive: [TTL_ON] }) });
});

test('createTable takes it well that somebody else switched the TTL on meanwhile, and nothing else', async () => {
  const UpdateTimeToLive = [named('ValidationException')];
  const DescribeTable = [ACTIVE];
  await createTable({ client: told({ DescribeTable, DescribeTimeToLive: [{}, TTL_ON], UpdateTimeToLive }) });
  const failing = createTable({ client: told({ DescribeTable, DescribeTimeToLive: [{}], UpdateTimeToLive }) });
  await expect(failing).rejects.toMatchObject({ code: 'STORE_FAILED' });
});

test('a client of ours sends each call once', async () => {
  const { open, calls } = await served(500);
  const store = await open();
  await expect(store.put(KEY, 'x', 5)).rejects.toMatchObject({ code: 'STORE_FAILED', outcome: 'unknown' });
  expect(calls()).toBe(2);
  await store.close?.();
});

test('a call that nobody answers is given up after some five seconds', async () => {
  const { open, calls } = await served('never');
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const store = await open();
  const given = store.put(KEY, 'x', 5).catch((error: unknown) => error);
  await vi.waitFor(() => expect(calls()).toBe(2));
  vi.advanceTimersByTime(5500);
  expect(await given).toMatchObject({ code: 'STORE_FAILED', retryable: true, outcome: 'unknown' });
  await store.close?.();
});

test('a call that nobody waits for any more is not sent when the credentials come at last', async () => {
  const { open, calls } = await served(200);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const waiting: ((credentials: typeof CREDENTIALS) => void)[] = [];
  let slow = false;
  // Expired at once, so that each call asks again.
  const credentials = async () =>
    slow
      ? new Promise<typeof CREDENTIALS>((resolve) => void waiting.push(resolve))
      : { ...CREDENTIALS, expiration: new Date(0) };
  const store = await open(credentials);
  slow = true;
  const given = store.put(KEY, 'x', 5).catch((error: unknown) => error);
  await vi.waitFor(() => expect(waiting).toHaveLength(1));
  vi.advanceTimersByTime(5500);
  slow = false;
  waiting[0]?.(CREDENTIALS);
  expect(await given).toMatchObject({ code: 'STORE_FAILED', retryable: true });
  expect(calls()).toBe(1);
  await store.close?.();
});
