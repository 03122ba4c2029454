import { CoatcheckError } from '../errors.ts';
import type { Answer, DynamodbDriver, KeyElement } from './dynamodb-client.ts';
import { dynamodbFailure } from './dynamodb-errors.ts';

const KEYS: readonly KeyElement[] = [
  { AttributeName: 'pk', KeyType: 'HASH' },
  { AttributeName: 'sk', KeyType: 'RANGE' },
];

/** How long a new table may take, in milliseconds, and how often it is asked for. */
const PATIENCE_MS = 60_000;
const ASK_EVERY_MS = 200;

/** Makes the table where there is none, waits until it can be used, and sets its TTL. */
export async function makeTable(driver: DynamodbDriver, table: string): Promise<void> {
  try {
    await createOnce(driver, table);
    await untilActive(driver, table);
    await setTtl(driver, table);
  } catch (error) {
    throw dynamodbFailure(error, 'createTable', 'unknown');
  }
}

/** What CreateTable of DynamoDB takes. */
export function tableInput(table: string): Readonly<Record<string, unknown>> {
  return {
    TableName: table,
    AttributeDefinitions: KEYS.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: KEYS,
    BillingMode: 'PAY_PER_REQUEST',
  };
}

/** What deletes expired items. */
export const TTL: Readonly<Record<string, unknown>> = { AttributeName: 'ttl', Enabled: true };

async function createOnce(driver: DynamodbDriver, table: string): Promise<void> {
  try {
    await driver.send('CreateTable', tableInput(table));
  } catch (error) {
    // It is there, or somebody else is making it.
    if ((error as Error | null)?.name !== 'ResourceInUseException') throw error;
  }
}

async function untilActive(driver: DynamodbDriver, table: string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const Table = await describe(driver, table);
    if (Table !== undefined) checkKeys(Table.KeySchema ?? []);
    // It may also be one that was in use because it was being deleted, and is gone now.
    else await createOnce(driver, table);
    if (Table?.TableStatus === 'ACTIVE' || Table?.TableStatus === 'UPDATING') return;
    if (performance.now() > end) {
      throw new CoatcheckError('STORE_FAILED', 'DynamoDB store, createTable: the table did not become active.', {
        outcome: 'unknown',
        retryable: true,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}

/** Undefined for a table that was made so shortly before that DynamoDB does not know it yet. */
async function describe(driver: DynamodbDriver, table: string): Promise<Answer['Table']> {
  try {
    return (await driver.send('DescribeTable', { TableName: table })).Table ?? {};
  } catch (error) {
    if ((error as Error | null)?.name !== 'ResourceNotFoundException') throw error;
    return undefined;
  }
}

function checkKeys(schema: readonly KeyElement[]): void {
  const same = KEYS.every(({ AttributeName, KeyType }) =>
    schema.some((key) => key.AttributeName === AttributeName && key.KeyType === KeyType),
  );
  if (same && schema.length === KEYS.length) return;
  throw new CoatcheckError(
    'STORE_FAILED',
    'DynamoDB store, createTable: there is a table of this name with other keys: give coatcheck a table of its own.',
    { outcome: 'none' },
  );
}

async function setTtl(driver: DynamodbDriver, table: string): Promise<void> {
  if (await hasTtl(driver, table)) return;
  try {
    await driver.send('UpdateTimeToLive', { TableName: table, TimeToLiveSpecification: TTL });
  } catch (error) {
    // Servers for tests that know no TTL delete nothing.
    if ((error as Error | null)?.name === 'UnknownOperationException') return;
    // Somebody else may have switched it on meanwhile.
    if (!(await hasTtl(driver, table))) throw error;
  }
}

async function hasTtl(driver: DynamodbDriver, table: string): Promise<boolean> {
  const { TimeToLiveDescription: ttl } = await driver.send('DescribeTimeToLive', { TableName: table });
  return ttl?.AttributeName === 'ttl' && /^ENABL/.test(ttl.TimeToLiveStatus ?? '');
}
