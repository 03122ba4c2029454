/*
 * The layout, call by call. The table has the keys `pk` and `sk`, both text, and TTL on `ttl` (seconds, a minute later
 * than the end of the record's life). One item a record: pk = key, sk = 'record', with document (S or B), version (S),
 * expiresAt (N, milliseconds), and owner (S), until (N) and entry (S) where it has one. One item for each record of an
 * owner: pk = '~owner:' + name, sk = key, with until and entry. No name space begins with '~'. No index: one of DynamoDB's
 * is behind. The entry is the version by which create or put wrote the record: it tells a life of a key from the next, so
 * that what ends the one takes nothing of the other off the list.
 *
 *   read       GetItem, consistent
 *   readMany   BatchGetItem, consistent               a hundred keys a call; what was left out is asked for once more
 *   create     PutItem if there is no pk              the refusal brings what is there, else GetItem
 *   update     UpdateItem if version is the one given   the same
 *   touch      UpdateItem if version is the one given and expiresAt is earlier
 *   put        PutItem
 *   destroy    DeleteItem if there is a pk
 *   listOwned  Query of the list, consistent
 *   forget     DeleteItem of the list's item
 *   scan       Scan, consistent, of records only
 *
 * With an owner, create and put go on with `PutItem` of the list's item, or where it has a later end with `UpdateItem` of
 * its entry. Then destroy, and put where the owner was another, go on with `DeleteItem` of the list's item of the record
 * that was there, if it has its entry. The record first.
 */
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import {
  type DynamodbClient,
  type DynamodbCredentials,
  DynamodbDriver,
  loadModule,
  makeClient,
} from './dynamodb-client.ts';
import { dynamodbFailure } from './dynamodb-errors.ts';
import { recordKey } from './dynamodb-item.ts';
import { DynamodbStore } from './dynamodb-store.ts';
import { makeTable } from './dynamodb-table.ts';
import { type DynamodbTarget, parseDynamodbUrl } from './dynamodb-url.ts';
import { inTime, silent } from './opening.ts';

export type { DynamodbClient, DynamodbCredentials } from './dynamodb-client.ts';

/** A `client`, a `url`, or `region`, `endpoint` and `credentials`, of which each may be left to the AWS SDK. */
export interface DynamodbStoreOptions {
  /**
   * A client of yours, or a promise of one: `new DynamoDBClient({ maxAttempts: 1 })` of `@aws-sdk/client-dynamodb` 3 or
   * newer. It is neither changed nor closed.
   */
  readonly client?: DynamodbClient | Promise<DynamodbClient>;
  /** `dynamodb://region/table`; docs/stores/dynamodb.md has the other forms. Never one that came with a request. */
  readonly url?: string;
  /** Such as `eu-west-1`. Default: as the AWS SDK finds it, such as `AWS_REGION`. */
  readonly region?: string;
  /** A server other than AWS: `http://127.0.0.1:8000`. Default: as the AWS SDK finds it. */
  readonly endpoint?: string;
  /** An access key and its secret, or what gives them. Default: as the AWS SDK finds them. */
  readonly credentials?: DynamodbCredentials | (() => Promise<DynamodbCredentials>);
  /** The table's name. Default `coatcheck_sessions`. */
  readonly table?: string;
}

const OPTIONS = ['client', 'url', 'region', 'endpoint', 'credentials', 'table'];

const CLIENT = 'A client of yours is called client: { client: new DynamoDBClient({ maxAttempts: 1 }) }';
const KEYS = 'The keys of the table are called pk and sk, as createTable() of coatcheck/store/dynamodb makes them';
const THROUGHPUT = 'createTable() makes a table that is paid by request. For another one make the table yourself';
const TABLE = 'Whose sessions these are is told by the table: { table }';

/** Of connect-dynamodb and dynamodb-store, and of the client. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  AWSConfigJSON: 'Where DynamoDB is stands in region, endpoint and credentials',
  AWSConfigPath: 'Where DynamoDB is stands in region, endpoint and credentials',
  dynamoConfig: 'Where DynamoDB is stands in region, endpoint and credentials',
  accessKeyId: 'Access key and secret stand in credentials: { accessKeyId, secretAccessKey }',
  secretAccessKey: 'Access key and secret stand in credentials: { accessKeyId, secretAccessKey }',
  dynamoClient: CLIENT,
  dynamodb: CLIENT,
  documentClient: CLIENT,
  tableName: 'The name of the table is called table',
  prefix: TABLE,
  keyPrefix: TABLE,
  hashKey: KEYS,
  specialKeys: 'The document is one attribute. Leave specialKeys out',
  skipThrowMissingSpecialKeys: 'The document is one attribute. Leave skipThrowMissingSpecialKeys out',
  initialized: KEYS,
  readCapacityUnits: THROUGHPUT,
  writeCapacityUnits: THROUGHPUT,
  reapInterval: 'DynamoDB itself deletes what is expired, by its TTL. Leave reapInterval out',
  touchInterval: 'Touches are throttled by createSessions. Leave touchInterval out',
  keepExpired: 'Expired records go by TTL, a minute after their end or later. Leave keepExpired out',
};

/**
 * Keeps records in a table of Amazon DynamoDB, one item a record. Compare-and-set is a conditional write, exact for
 * everybody; reads are consistent. DynamoDB itself deletes what is expired, by its TTL.
 *
 * It is a promise because a missing table or a wrong key should end the start and not the first request.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where DynamoDB does not answer, does not let us in or has no such table
 *
 * @example
 * const sessions = createSessions({ store: await openDynamodb({ region: 'eu-west-1', table: 'sessions' }) });
 */
export async function openDynamodb(options: DynamodbStoreOptions): Promise<Store> {
  const { driver, table, close } = await connect(options);
  try {
    const probe = { TableName: table, Key: recordKey('~probe'), ConsistentRead: true };
    await inTime(driver.send('GetItem', probe), silent('DynamoDB'));
    return new DynamodbStore(driver, table, close);
  } catch (error) {
    close?.();
    throw dynamodbFailure(error, 'opening', 'none');
  }
}

/**
 * Makes the table where it is missing, paid by request, waits until it can be used, and switches its TTL on. Again is no
 * error. For tests and first steps; in production it may be a line of your infrastructure instead, with the keys `pk` and
 * `sk` and TTL on `ttl`.
 *
 * @param options as for `openDynamodb`
 * @throws CoatcheckError as `openDynamodb`; `STORE_FAILED` too where a table of that name has other keys
 *
 * @example
 * await createTable({ region: 'eu-west-1', table: 'sessions' });
 */
export async function createTable(options: DynamodbStoreOptions): Promise<void> {
  const { driver, table, close } = await connect(options);
  try {
    await makeTable(driver, table);
  } finally {
    close?.();
  }
}

async function connect(
  options: DynamodbStoreOptions,
): Promise<{ driver: DynamodbDriver; table: string; close: (() => void) | undefined }> {
  checkOptionNames(options, {
    whose: 'DynamoDB store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openDynamodb({ region: 'eu-west-1', table: 'sessions' })",
  });
  const target = checkOptions(options);
  const table = checkTable(target.table ?? 'coatcheck_sessions');
  const module = await loadModule();
  if (options.client === undefined) {
    const client = makeClient(module, target);
    return { driver: new DynamodbDriver(client, module, true), table, close: () => client.destroy() };
  }
  const client = await promised(options.client);
  if (typeof client?.send !== 'function') invalid('`client` must be a client of `@aws-sdk/client-dynamodb` 3 or newer');
  return { driver: new DynamodbDriver(client, module, false), table, close: undefined };
}

async function promised(client: DynamodbStoreOptions['client']): Promise<DynamodbClient> {
  try {
    return (await client) as DynamodbClient;
  } catch (error) {
    throw dynamodbFailure(error, 'opening', 'none');
  }
}

function checkOptions({ client, url, region, endpoint, credentials, table }: DynamodbStoreOptions): DynamodbTarget {
  const placed = region !== undefined || endpoint !== undefined || credentials !== undefined;
  if (Number(client !== undefined) + Number(url !== undefined) + Number(placed) > 1) {
    invalid('give `client`, or `url`, or `region`, `endpoint` and `credentials`, and not two of them');
  }
  for (const [name, value] of Object.entries({ url, region, endpoint })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) invalid(`\`${name}\` must be text`);
  }
  if (credentials !== undefined && typeof credentials !== 'function' && !isKeyAndSecret(credentials)) {
    invalid('`credentials` are { accessKeyId, secretAccessKey }, or a function that gives them');
  }
  const target = url === undefined ? { region, endpoint, credentials, table: undefined } : parseDynamodbUrl(url);
  if (target.endpoint !== undefined && !/^https?:\/\/[^\s/?#@]+\/?$/.test(target.endpoint)) {
    invalid('`endpoint` must be a URL such as http://127.0.0.1:8000');
  }
  if (table !== undefined && target.table !== undefined)
    invalid('the table stands in `url` already. Leave `table` out');
  return { ...target, table: table ?? target.table };
}

function isKeyAndSecret(credentials: DynamodbCredentials | null): boolean {
  return typeof credentials?.accessKeyId === 'string' && typeof credentials.secretAccessKey === 'string';
}

function checkTable(table: string): string {
  if (typeof table === 'string' && /^[A-Za-z0-9_.-]{3,255}$/.test(table)) return table;
  return invalid('`table` must have 3 to 255 letters, digits, and `_`, `.` or `-`');
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `DynamoDB store: ${what}.`);
}
