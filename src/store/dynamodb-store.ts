import { CoatcheckError, type Outcome } from '../errors.ts';
import type {
  Capabilities,
  Created,
  Document,
  Owner,
  Scanned,
  Store,
  StoredRecord,
  Updated,
  Version,
} from './contract.ts';
import type { Answer, DynamodbDriver } from './dynamodb-client.ts';
import { dynamodbFailure, foreign, isUnmet, unprocessed } from './dynamodb-errors.ts';
import {
  documentValue,
  entryKey,
  type Item,
  listName,
  MAX_BYTES,
  numberOf,
  recordItem,
  recordKey,
  recordOf,
  timeValue,
  ttlValue,
} from './dynamodb-item.ts';

/** How many keys one BatchGetItem takes. */
const BATCH = 100;

const IS_NEW = { ConditionExpression: 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
const IS_THERE = { ConditionExpression: 'attribute_exists(pk)' };
const AT_VERSION = {
  ConditionExpression: 'version = :old',
  UpdateExpression: 'SET document = :document, version = :new, expiresAt = :expiresAt, #ttl = :ttl',
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
};
const AT_VERSION_AND_EARLIER = {
  ConditionExpression: 'version = :old AND expiresAt < :expiresAt',
  UpdateExpression: 'SET expiresAt = :expiresAt, #ttl = :ttl',
  ExpressionAttributeNames: { '#ttl': 'ttl' },
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
};
const NEW_OR_EARLIER = {
  ConditionExpression: 'attribute_not_exists(pk) OR #until < :until',
  ExpressionAttributeNames: { '#until': 'until' },
};

/** The verbs. None is an async function: on Node 20 every promise is dear while there is an ambient session. */
export class DynamodbStore implements Store {
  readonly capabilities: Capabilities = {
    atomic: 'store',
    reads: 'strong',
    owners: true,
    scan: true,
    bytes: true,
    maxBytes: MAX_BYTES,
  };
  readonly #driver: DynamodbDriver;
  readonly #table: string;
  readonly #close: (() => void) | undefined;
  #closed = false;

  constructor(driver: DynamodbDriver, table: string, close?: () => void) {
    this.#driver = driver;
    this.#table = table;
    this.#close = close;
  }

  read(key: string): Promise<StoredRecord | undefined> {
    return this.#read('read', key, 'none');
  }

  readMany(keys: readonly string[]): Promise<readonly (StoredRecord | Error | undefined)[]> {
    if (this.#closed) return closed('read');
    const distinct = [...new Set(keys)];
    const found = new Map<string, StoredRecord | Error>();
    const batches: Promise<void>[] = [];
    for (let at = 0; at < distinct.length; at += BATCH)
      batches.push(this.#batch(distinct.slice(at, at + BATCH), found));
    return Promise.all(batches).then(() => keys.map((key) => found.get(key)));
  }

  create(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<Created> {
    if (this.#closed) return closed('create');
    const version = crypto.randomUUID();
    let input: object;
    try {
      input = { TableName: this.#table, Item: recordItem(key, version, document, expiresAt, owner), ...IS_NEW };
    } catch (error) {
      return Promise.reject(error);
    }
    const ok: Created = { result: 'ok', version };
    return this.#driver.send('PutItem', input).then(
      () => (owner === undefined ? ok : this.#index('create', key, owner).then(() => ok)),
      (error) =>
        this.#unmet(error, 'create', key).then((current) => {
          const answer: Created = current?.version === version ? ok : { result: 'exists', current };
          // The answer to an earlier attempt may have been lost before the owner's list was written.
          return owner !== undefined && current?.owner?.name === owner.name
            ? this.#index('create', key, current.owner).then(() => answer)
            : answer;
        }),
    );
  }

  update(key: string, version: Version, document: Document, expiresAt: number): Promise<Updated> {
    if (this.#closed) return closed('update');
    const next = crypto.randomUUID();
    let input: object;
    try {
      const values = {
        ':old': { S: String(version) },
        ':document': documentValue(document),
        ':new': { S: next },
        ':expiresAt': timeValue(expiresAt),
        ':ttl': ttlValue(expiresAt),
      };
      input = { TableName: this.#table, Key: recordKey(key), ExpressionAttributeValues: values, ...AT_VERSION };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#driver.send('UpdateItem', input).then(
      () => ({ result: 'ok', version: next }),
      (error) =>
        this.#unmet(error, 'update', key).then((current): Updated => {
          if (current === undefined) return { result: 'gone' };
          // Our own version is there already: the client sent it twice, and the first one wrote.
          return current.version === next ? { result: 'ok', version: next } : { result: 'conflict', current };
        }),
    );
  }

  touch(key: string, version: Version, expiresAt: number): Promise<boolean> {
    if (this.#closed) return closed('touch');
    let input: object;
    try {
      const values = {
        ':old': { S: String(version) },
        ':expiresAt': timeValue(expiresAt),
        ':ttl': ttlValue(expiresAt),
      };
      input = {
        TableName: this.#table,
        Key: recordKey(key),
        ExpressionAttributeValues: values,
        ...AT_VERSION_AND_EARLIER,
      };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#driver.send('UpdateItem', input).then(
      () => true,
      // Where only the expiry stood in the way, it is late enough already.
      (error) => this.#unmet(error, 'touch', key).then((current) => current?.version === version),
    );
  }

  destroy(key: string, owner?: string): Promise<boolean> {
    if (this.#closed) return closed('destroy');
    return this.#driver
      .send('DeleteItem', { TableName: this.#table, Key: recordKey(key), ...IS_THERE })
      .then(() => true, wasNotThere)
      .then((was) => (owner === undefined ? was : this.#unlist('destroy', owner, key, true).then(() => was)));
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    if (this.#closed) return closed('put');
    let input: object;
    try {
      const item = recordItem(key, crypto.randomUUID(), document, expiresAt, owner);
      input = { TableName: this.#table, Item: item };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#driver
      .send('PutItem', input)
      .then(() => (owner === undefined ? undefined : this.#index('put', key, owner)), failing('put', 'unknown'));
  }

  async listOwned(owner: string): Promise<readonly string[]> {
    if (this.#closed) return closed('listOwned');
    const keys: string[] = [];
    let from: Item | undefined;
    do {
      const answer: Answer = await this.#driver
        .send('Query', {
          TableName: this.#table,
          ConsistentRead: true,
          KeyConditionExpression: 'pk = :list',
          ExpressionAttributeValues: { ':list': listName(owner) },
          ProjectionExpression: 'sk',
          ExclusiveStartKey: from,
        })
        .catch(failing('listOwned', 'none'));
      for (const { sk } of answer.Items ?? []) keys.push(sk?.S ?? '');
      from = answer.LastEvaluatedKey;
    } while (from !== undefined);
    return keys;
  }

  forget(owner: string, key: string): Promise<void> {
    return this.#closed ? closed('forget') : this.#unlist('forget', owner, key, false);
  }

  scan(cursor: string | undefined, limit: number): Promise<Scanned> {
    if (this.#closed) return closed('scan');
    const input = {
      TableName: this.#table,
      ConsistentRead: true,
      Limit: limit,
      FilterExpression: 'sk = :record',
      ExpressionAttributeValues: { ':record': recordKey('').sk },
      ProjectionExpression: 'pk, expiresAt, #owner',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExclusiveStartKey: cursor === undefined ? undefined : placeOf(cursor),
    };
    return this.#driver.send('Scan', input).then(
      ({ Items = [], LastEvaluatedKey: last }) => {
        const entries = Items.flatMap(({ pk, expiresAt, owner }) => {
          const [key, time] = [pk?.S, numberOf(expiresAt)];
          return key === undefined || time === undefined ? [] : [{ key, expiresAt: time, owner: owner?.S }];
        });
        return { entries, cursor: last && JSON.stringify([last.pk?.S, last.sk?.S]) };
      },
      failing('scan', 'none'),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#close?.();
  }

  #read(verb: string, key: string, outcome: Outcome): Promise<StoredRecord | undefined> {
    if (this.#closed) return closed(verb);
    return this.#driver
      .send('GetItem', { TableName: this.#table, Key: recordKey(key), ConsistentRead: true })
      .then(({ Item }) => (Item === undefined ? undefined : record(Item, verb)), failing(verb, outcome));
  }

  #batch(keys: readonly string[], found: Map<string, StoredRecord | Error>): Promise<void> {
    const request = { [this.#table]: { Keys: keys.map(recordKey), ConsistentRead: true } };
    return this.#driver.send('BatchGetItem', { RequestItems: request }).then(
      (answer) => {
        for (const item of answer.Responses?.[this.#table] ?? []) {
          found.set(item.pk?.S ?? '', recordOf(item) ?? foreign('read'));
        }
        for (const { pk } of answer.UnprocessedKeys?.[this.#table]?.Keys ?? []) found.set(pk?.S ?? '', unprocessed());
      },
      failing('read', 'none'),
    );
  }

  /** What stands there, where a condition was not met; DynamoDB says it with the refusal, others must be asked. */
  #unmet(error: unknown, verb: string, key: string): Promise<StoredRecord | undefined> {
    if (!isUnmet(error)) return Promise.reject(dynamodbFailure(error, verb, 'unknown'));
    const { Item: item, $metadata } = error as { Item?: Item; $metadata?: { attempts?: number } };
    if (item !== undefined) {
      const current = recordOf(item);
      return current === undefined ? Promise.reject(foreign(verb)) : Promise.resolve(current);
    }
    return this.#read(verb, key, ($metadata?.attempts ?? 1) === 1 ? 'none' : 'unknown');
  }

  /** Never shortens an entry's life. */
  #index(verb: string, key: string, { name, until }: Owner): Promise<void> {
    const item = { ...entryKey(name, key), until: timeValue(until), ttl: ttlValue(until) };
    const values = { ':until': item.until };
    return this.#driver
      .send('PutItem', { TableName: this.#table, Item: item, ExpressionAttributeValues: values, ...NEW_OR_EARLIER })
      .then(nothing, (error) => {
        if (!isUnmet(error)) throw dynamodbFailure(error, verb, 'unknown', true);
      });
  }

  /** @param begun the record was deleted before */
  #unlist(verb: string, owner: string, key: string, begun: boolean): Promise<void> {
    return this.#driver
      .send('DeleteItem', { TableName: this.#table, Key: entryKey(owner, key) })
      .then(nothing, (error) => {
        throw dynamodbFailure(error, verb, 'unknown', begun);
      });
  }
}

function record(item: Item, verb: string): StoredRecord {
  const found = recordOf(item);
  if (found === undefined) throw foreign(verb);
  return found;
}

function wasNotThere(error: unknown): false {
  if (isUnmet(error)) return false;
  throw dynamodbFailure(error, 'destroy', 'unknown');
}

const nothing = (): void => undefined;

const failing =
  (verb: string, outcome: Outcome) =>
  (error: unknown): never => {
    throw dynamodbFailure(error, verb, outcome);
  };

function closed(verb: string): Promise<never> {
  return Promise.reject(
    new CoatcheckError('STORE_FAILED', `DynamoDB store, ${verb}: the store was closed.`, { outcome: 'none' }),
  );
}

/** Where a scan goes on: a primary key that somebody of ours once had. */
function placeOf(cursor: string): Item {
  const [pk, sk] = JSON.parse(cursor) as [string, string];
  return { pk: { S: pk }, sk: { S: sk } };
}
