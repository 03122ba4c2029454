import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteItemCommand, DeleteTableCommand, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTable } from '../../src/store/dynamodb.ts';
import { type ByteRelay, startByteRelay } from '../support/servers/byte-relay.ts';
import { CREDENTIALS, type Dynamodb, motoMissing, startDynamodb } from '../support/servers/dynamodb.ts';
import { called } from '../support/servers/program.ts';
import { count, type Env, fleet, until } from './app.ts';
import { DEADLINE, Witness } from './dead-store.ts';
import { testFaults } from './faults.ts';
import { ended } from './faults-absent.ts';
import { allowFiles, folderOf, limitMissing } from './faults-process.ts';
import type { Refusal, Scene } from './faults-row.ts';
import { byBytes } from './faults-wire.ts';

const { start } = fleet();

interface Standing {
  readonly env: Env;
  readonly direct: Env;
  readonly dynamodb: Dynamodb;
  readonly relay: ByteRelay;
  readonly client: DynamoDBClient;
  /** Where the server keeps them. */
  readonly tables: string;
  stop(): Promise<void>;
}

async function startStanding(): Promise<Standing> {
  const dynamodb = await startDynamodb();
  const relay = await startByteRelay(dynamodb.port);
  const url = await dynamodb.table('sessions');
  const client = new DynamoDBClient({ region: 'eu-west-1', endpoint: dynamodb.endpoint, credentials: CREDENTIALS });
  return {
    env: { SESSION_URI: url.replace(`:${dynamodb.port}`, `:${relay.port}`) },
    direct: { SESSION_URI: url },
    dynamodb,
    relay,
    client,
    tables: join(folderOf(dynamodb.pid), 'tables'),
    async stop() {
      client.destroy();
      await relay.stop();
      await dynamodb.stop();
    },
  };
}

const record = (key: string) => ({ TableName: 'sessions', Key: { pk: { S: key }, sk: { S: 'record' } } });

const ENDED = /cannot be reached now|did not answer in time|connection broke/;

/** dynalite ends where it cannot write, be it for want of room or of the right to. */
const full: Refusal<Standing> = {
  what: 'is full',
  refuses: 'writes',
  outcome: 'either',
  begin: ({ dynamodb }) => allowFiles(dynamodb.pid, false),
  end: ({ dynamodb }) => dynamodb.restart(),
  says: ENDED,
  within: DEADLINE,
};

async function again({ dynamodb, tables }: Standing, fileMode: number, folderMode: number): Promise<void> {
  await dynamodb.kill();
  chmodSync(tables, folderMode);
  for (const name of readdirSync(tables)) chmodSync(join(tables, name), fileMode);
  await dynamodb.restart();
}

/** The answer to an update that was done. */
const wire = byBytes(
  (answer, asked) => asked.includes('.UpdateItem') && answer.toString('latin1').startsWith('HTTP/1.1 200'),
);

testFaults<Standing>(
  'DynamoDB',
  {
    store: 'DynamoDB',
    missing: undefined,
    start: startStanding,
    absent: /opening: /,
    strangers: [
      [
        'a table that is not there',
        ({ dynamodb }) => dynamodb.url('nowhere'),
        /no such table in this region.*createTable/,
      ],
    ],
    killed: { begin: ({ dynamodb }) => dynamodb.kill(), end: ({ dynamodb }) => dynamodb.restart() },
    keeps: true,
    silent: { begin: ({ dynamodb }) => dynamodb.pause(), end: ({ dynamodb }) => dynamodb.resume() },
    ...wire,
    // Each call that was cut needs a connection of its own.
    lossy: { ...wire.lossy, most: 10 },
    full: limitMissing ?? full,
    readOnly: {
      what: 'only reads',
      outcome: 'either',
      begin: (standing) => again(standing, 0o444, 0o555),
      end: (standing) => again(standing, 0o644, 0o755),
      says: ENDED,
      within: DEADLINE,
    },
    withdrawn: 'dynalite looks at no credentials; see those of moto below',
    truncated: {
      what: 'was cut off',
      begin: ({ client }, key) =>
        client.send(
          new UpdateItemCommand({
            ...record(key),
            UpdateExpression: 'SET document = :cut',
            ExpressionAttributeValues: { ':cut': { S: '{"data":{"a":1' } },
          }),
        ),
      leaves: 'nobody',
    },
    foreign: {
      what: 'somebody else wrote',
      begin: ({ client }, key) =>
        client.send(new UpdateItemCommand({ ...record(key), UpdateExpression: 'REMOVE document' })),
      leaves: /no record of coatcheck/,
    },
    remove: ({ client }, key) => client.send(new DeleteItemCommand(record(key))),
  },
  testMore,
);

function testMore(scene: Scene<Standing>): void {
  test('a write whose answer does not come is in doubt, and was done when the server goes on', async () => {
    const { witness, standing, app } = scene;
    const { visitor } = witness;
    const loaded = count(app, 'loaded');
    const slow = visitor.get('/slow?ms=300&k=late&v=1');
    await until(() => count(app, 'loaded') > loaded);
    standing.dynamodb.pause();
    onTestFinished(() => standing.dynamodb.resume());
    const { status, json, setCookie } = await slow;
    expect([status, json.error.outcome, setCookie]).toEqual([503, 'unknown', []]);
    standing.dynamodb.resume();
    await witness.recovered();
    expect((await visitor.get('/get?k=late')).json).toEqual({ value: '1' });
  });

  test('a table that is gone is a 503 at once, and found again when it is back', async () => {
    const { witness, standing } = scene;
    await standing.client.send(new DeleteTableCommand({ TableName: 'sessions' }));
    await expect.poll(async () => (await witness.read()).status).toBe(503);
    await witness.refused(witness.write, { outcome: 'none', within: 500, says: /no such table/ });
    const url = standing.direct.SESSION_URI ?? '';
    await expect.poll(() => createTable({ url }).then(() => 'made'), { timeout: 5000 }).toBe('made');
    expect((await witness.write()).json).toEqual({ ok: true, value: 1 });
  });
}

describe.skipIf(motoMissing !== undefined)(called('DynamoDB that looks at credentials', motoMissing), () => {
  test('lets nobody in at the start whom it does not know, and nobody later whom it knows no more', async () => {
    const moto = await startDynamodb('moto', { callsForAll: Number.POSITIVE_INFINITY });
    onTestFinished(() => moto.stop());
    const calls = (more: string): Promise<unknown> =>
      fetch(`${moto.endpoint}/moto-api/reset-auth`, { method: 'POST', body: more });
    const url = await moto.table('sessions');
    const app = await start({ ADAPTER: 'node', SESSION_URI: url });
    const witness = new Witness(app, 'DynamoDB');
    await witness.arrive();
    await calls('0');
    const says = /AWS does not know these credentials/;
    await witness.refused(witness.read, { outcome: 'none', within: 500, says });
    await witness.refused(witness.write, { outcome: 'none', within: 500, says });
    await witness.comesAndGoes();
    await ended('DynamoDB', { SESSION_URI: url }, says);
    await calls('inf');
    await witness.recovered();
    await app.stop();
  });
});
