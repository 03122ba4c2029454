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
import { attemptsOf, dynamodbFailure, foreign, isUnmet, unprocessed } from './dynamodb-errors.ts';
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
const IS_THERE = { ConditionExpression: 'attribute_exists(pk)', ReturnValues: 'ALL_OLD' };
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
const UNTIL = { '#until': 'until' };
const NEW_OR_EARLIER = {
  ConditionExpression: 'attribute_not_exists(pk) OR #until < :until',
  ExpressionAttributeNames: UNTIL,
};
const NEW_OR_NOT_LATER = {
  ConditionExpression: 'attribute_not_exists(pk) OR #until <= :until',
  ExpressionAttributeNames: UNTIL,
};
const RENAMED = {
  UpdateExpression: 'SET #entry = :entry, #until = if_not_exists(#until, :until), #ttl = if_not_exists(#ttl, :ttl)',
  ExpressionAttributeNames: { ...UNTIL, '#entry': 'entry', '#ttl': 'ttl' },
};
const OF_ENTRY = { ConditionExpression: '#entry = :entry', ExpressionAttributeNames: { '#entry': 'entry' } };

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
    if (this.#closed) return closed('read');
    return this.#driver
      .send('GetItem', { TableName: this.#table, Key: recordKey(key), ConsistentRead: true })
      .then(({ Item }) => Item && record(Item, 'read'), failing('read', 'none'));
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
      () => (owner === undefined ? ok : this.#index('create', key, owner, version).then(() => ok)),
      (error) =>
        this.#unmet(error, 'create', key).then((item) => {
          const current = item && record(item, 'create');
          const own = current?.version === version;
          const answer: Created = own ? ok : { result: 'exists', current };
          const entry = item?.entry?.S;
          // The answer to an earlier attempt may have been lost before the owner's list was written.
          return owner !== undefined && current?.owner?.name === owner.name && entry !== undefined
            ? this.#index('create', key, current.owner, entry, own).then(() => answer)
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
        this.#unmet(error, 'update', key).then((item): Updated => {
          const current = item && record(item, 'update');
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
      (error) =>
        this.#unmet(error, 'touch', key).then(
          (item) => item !== undefined && record(item, 'touch').version === version,
        ),
    );
  }

  /** The record tells whose it is. */
  destroy(key: string): Promise<boolean> {
    if (this.#closed) return closed('destroy');
    return this.#driver.send('DeleteItem', { TableName: this.#table, Key: recordKey(key), ...IS_THERE }).then(
      ({ Attributes: was }) => this.#unlist('destroy', key, was).then(() => true),
      (error) => {
        if (!isUnmet(error)) throw dynamodbFailure(error, 'destroy', 'unknown', this.#driver.once);
        // A client that sent it again may have met its own deletion.
        return (attemptsOf(error) ?? 1) > 1;
      },
    );
  }

  put(key: string, document: Document, expiresAt: number, owner?: Owner): Promise<void> {
    if (this.#closed) return closed('put');
    const version = crypto.randomUUID();
    let input: object;
    try {
      const item = recordItem(key, version, document, expiresAt, owner);
      input = { TableName: this.#table, Item: item, ReturnValues: 'ALL_OLD' };
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#driver.send('PutItem', input).then(
      ({ Attributes: was }) => {
        if (owner === undefined) return this.#unlist('put', key, was);
        const listed = this.#index('put', key, owner, version);
        return was?.owner?.S === owner.name ? listed : listed.then(() => this.#unlist('put', key, was));
      },
      failing('put', 'unknown', this.#driver.once),
    );
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
    if (this.#closed) return closed('forget');
    return this.#driver
      .send('DeleteItem', { TableName: this.#table, Key: entryKey(owner, key) })
      .then(nothing, failing('forget', 'unknown', this.#driver.once));
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

  #item(verb: string, key: string, outcome: Outcome): Promise<Item | undefined> {
    if (this.#closed) return closed(verb);
    return this.#driver
      .send('GetItem', { TableName: this.#table, Key: recordKey(key), ConsistentRead: true })
      .then(({ Item }) => Item, failing(verb, outcome));
  }

  #batch(keys: readonly string[], found: Map<string, StoredRecord | Error>, again = true): Promise<void> {
    const request = { [this.#table]: { Keys: keys.map(recordKey), ConsistentRead: true } };
    return this.#driver.send('BatchGetItem', { RequestItems: request }).then(
      (answer) => {
        for (const item of answer.Responses?.[this.#table] ?? []) {
          found.set(item.pk?.S ?? '', recordOf(item) ?? foreign('read'));
        }
        const left = (answer.UnprocessedKeys?.[this.#table]?.Keys ?? []).map(({ pk }) => pk?.S ?? '');
        // An answer ends at 16 MB, throttled or not.
        if (left.length > 0 && again) return this.#batch(left, found, false);
        for (const key of left) found.set(key, unprocessed());
        return undefined;
      },
      failing('read', 'none'),
    );
  }

  /** What stands there, where a condition was not met; DynamoDB says it with the refusal, others must be asked. */
  #unmet(error: unknown, verb: string, key: string): Promise<Item | undefined> {
    const { once } = this.#driver;
    if (!isUnmet(error)) return Promise.reject(dynamodbFailure(error, verb, 'unknown', once));
    const { Item: item } = error as { Item?: Item };
    if (item !== undefined) return Promise.resolve(item);
    return this.#item(verb, key, (attemptsOf(error) ?? (once ? 1 : 0)) === 1 ? 'none' : 'unknown');
  }

  /**
   * Never shortens an entry's life.
   *
   * @param own the record is of this call: its entry takes the place of an earlier life's
   */
  #index(verb: string, key: string, { name, until }: Owner, entry: string, own = true): Promise<void> {
    const place = entryKey(name, key);
    const said = { entry: { S: entry }, until: timeValue(until), ttl: ttlValue(until) };
    const put = {
      TableName: this.#table,
      Item: { ...place, ...said },
      ExpressionAttributeValues: { ':until': said.until },
      ...(own ? NEW_OR_NOT_LATER : NEW_OR_EARLIER),
    };
    const failed = failing(verb, 'unknown', this.#driver.once, true);
    return this.#driver.send('PutItem', put).then(nothing, (error) => {
      if (!isUnmet(error)) return failed(error);
      if (!own) return undefined;
      const values = { ':entry': said.entry, ':until': said.until, ':ttl': said.ttl };
      return this.#driver
        .send('UpdateItem', { TableName: this.#table, Key: place, ExpressionAttributeValues: values, ...RENAMED })
        .then(nothing, failed);
    });
  }

  /** Takes the record that was there off its owner's list, unless the list names a later life of its key. */
  #unlist(verb: string, key: string, was: Item | undefined): Promise<void> {
    const [owner, entry] = [was?.owner?.S, was?.entry];
    if (owner === undefined || entry === undefined) return Promise.resolve();
    const values = { ':entry': entry };
    return this.#driver
      .send('DeleteItem', {
        TableName: this.#table,
        Key: entryKey(owner, key),
        ExpressionAttributeValues: values,
        ...OF_ENTRY,
      })
      .then(nothing, (error) => {
        if (!isUnmet(error)) throw dynamodbFailure(error, verb, 'unknown', this.#driver.once, true);
      });
  }
}

function record(item: Item, verb: string): StoredRecord {
  const found = recordOf(item);
  if (found === undefined) throw foreign(verb);
  return found;
}

const nothing = (): void => undefined;

const failing =
  (verb: string, outcome: Outcome, once = false, begun = false) =>
  (error: unknown): never => {
    throw dynamodbFailure(error, verb, outcome, once, begun);
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
