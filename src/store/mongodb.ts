/*
 * The layout, command by command. One document a record, in one collection; `_id` is the key. The fields are those of
 * mongodb-record.ts: `document` (text, or bytes as binary), `version`, `expiresAt` (a number, exactly as given),
 * `expires` (a Date a minute later, which the TTL index looks at), and `owner` and `ownerUntil` where there is one. The
 * owner stands in the record itself, so that the index cannot drift.
 *
 *   read       find      { _id }
 *   readMany   find      { _id: { $in } }
 *   create     insert                             where the key is taken (E11000): find
 *   update     update    { _id, version }  $set document, version, expiresAt, expires    where nothing matched: find
 *   touch      update    { _id, version }  $max expiresAt, expires
 *   put        update    { _id }           the whole document, upsert
 *   destroy    delete    { _id }
 *   listOwned  find      { owner }         by the index { owner, _id }
 *   forget     update    { _id, owner }    $unset owner, ownerUntil
 *   sweep      find      { expires, expiresAt: { $lte: now } }, then delete { _id: { $in }, and the same again }
 *   scan       find      { _id: { $gt: cursor } }
 *
 * Every find goes to the primary with readConcern local, and every write wants w: majority.
 */
import { type Duration, durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { checkServer, prepareIndexes } from './mongodb-check.ts';
import { isClient, type MongodbClient, type MongodbCollection, ownersOf } from './mongodb-client.ts';
import { mongodbFailure } from './mongodb-errors.ts';
import { openUrl } from './mongodb-open.ts';
import { Patience } from './mongodb-patience.ts';
import { type MongodbPlace, MongodbStore } from './mongodb-store.ts';
import { parseMongodbUrl } from './mongodb-url.ts';
import { inTime, silent } from './opening.ts';

export type { MongodbClient, MongodbCollection } from './mongodb-client.ts';

/** Exactly one of `client`, `collection` as a collection, and `url`. */
export interface MongodbStoreOptions {
  /**
   * A `MongoClient` of yours, of mongodb 6 or newer, or a promise of one. It is connected if it is not, and neither
   * changed nor closed; its read preference, concerns and BSON options do not matter here.
   */
  readonly client?: MongodbClient | Promise<MongodbClient>;
  /**
   * `mongodb://user:password@host1,host2/database?replicaSet=name` or `mongodb+srv://`, also with
   * `?database=` and `?collection=`. Never one that came with a request.
   */
  readonly url?: string;
  /** Default: the one that the URL or the client names, which is `test` where they name none. */
  readonly database?: string;
  /**
   * The collection's name, or instead of `client` and `url` a `Collection` of yours or a promise of one. Default
   * `coatcheck_sessions`.
   */
  readonly collection?: string | MongodbCollection | Promise<MongodbCollection>;
  /**
   * After how long a call is given up, so that nothing of it is sent later. Default `'2s'`, the deadline of
   * `createSessions`; whoever raises that one raises both.
   */
  readonly timeout?: Duration;
}

const OPTIONS = ['client', 'url', 'database', 'collection', 'timeout'];

const URL_SAYS = "What the client is told stands in url, or in a client of yours: 'mongodb://host/?replicaSet=name'";
const CLIENT = 'A client of yours, or a promise of one, is called client';
const CLEANING = 'A TTL index removes what has ended, a minute later. Leave it out';

/** Of connect-mongo and connect-mongodb-session. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  mongoUrl: 'Where MongoDB is stands in url',
  uri: 'Where MongoDB is stands in url',
  clientPromise: CLIENT,
  mongooseConnection: 'Give mongooseConnection.getClient() as client',
  db: 'The name of the database is called database, and a client of yours client',
  dbName: 'The name of the database is called database',
  databaseName: 'The name of the database is called database',
  collectionName: 'The name of the collection is called collection',
  mongoOptions: URL_SAYS,
  connectionOptions: URL_SAYS,
  advancedOptions: URL_SAYS,
  autoRemove: CLEANING,
  autoRemoveInterval: CLEANING,
  expires: STORE_HABITS.ttl ?? '',
  touchAfter: 'A session that is used is touched once in a tenth of its idle time. Leave touchAfter out',
  stringify: STORE_HABITS.serializer ?? '',
  serialize: STORE_HABITS.serializer ?? '',
  unserialize: STORE_HABITS.serializer ?? '',
  crypto: 'What is sealed is said to createSessions: codec',
  transformId: 'The store sees only a hash of the id. Leave transformId out',
  writeOperationOptions: 'Every write wants w: majority. Leave writeOperationOptions out',
  prefix: 'Whose sessions these are is told by the collection: { collection }',
};

const DEFAULT_COLLECTION = 'coatcheck_sessions';

/**
 * Keeps records in a collection of MongoDB 4.4 or newer: a single server, a replica set, or a sharded cluster.
 * Compare-and-set is one update whose filter names the version, exact for everybody. Reads go to the primary, and a
 * write is done when the majority has it.
 *
 * While no server takes writes, a write fails at once with `STORE_FAILED`, `retryable: true`, `outcome: 'none'`.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where MongoDB does not answer or does not let us in
 *
 * @example
 * const sessions = createSessions({ store: await openMongodb({ url: 'mongodb://127.0.0.1:27017/shop' }) });
 * @example
 * const client = new MongoClient('mongodb://127.0.0.1:27017');
 * const sessions = createSessions({ store: await openMongodb({ client, database: 'shop' }) });
 */
export async function openMongodb(options: MongodbStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'MongoDB store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openMongodb({ url: 'mongodb://127.0.0.1:27017/shop' })",
  });
  checkOptions(options);
  const patience = new Patience(durationMs(options.timeout ?? '2s', 'timeout'));
  const finding = find(options);
  const close = options.url === undefined ? undefined : async () => (await finding).client.close();
  try {
    const place = await inTime(finding, silent('MongoDB'));
    await inTime(
      checkServer(place.database).then(() => prepareIndexes(place.database, place.collection)),
      silent('MongoDB'),
    );
    return new MongodbStore(place, patience, close);
  } catch (error) {
    // Not awaited: what did not answer in time may not answer later either.
    close?.().catch(() => undefined);
    throw error;
  }
}

async function find({ client, url, database, collection }: MongodbStoreOptions): Promise<MongodbPlace> {
  const named = await promised(collection);
  if (named !== undefined && typeof named !== 'string') {
    const owners =
      ownersOf(named) ?? invalid('`collection` must be the name of one, or a Collection of the package mongodb');
    await connected(owners.client);
    return { ...owners, collection: named.collectionName };
  }
  if (url !== undefined) {
    const target = parseMongodbUrl(url);
    const [into, name] = [database ?? target.database, named ?? target.collection];
    checkNames(into, name);
    const ours = await openUrl(target.url);
    return { client: ours, database: ours.db(into), collection: name ?? DEFAULT_COLLECTION };
  }
  const given = await promised(client);
  if (!isClient(given)) invalid('`client` must be a MongoClient of the package mongodb');
  await connected(given);
  return { client: given, database: given.db(database), collection: named ?? DEFAULT_COLLECTION };
}

/** A client that failed to connect once stays so until somebody says it again. */
async function connected(client: MongodbClient): Promise<void> {
  try {
    await client.connect();
  } catch (error) {
    throw mongodbFailure(error, 'opening', 'none');
  }
}

async function promised<T>(given: T | Promise<T>): Promise<T> {
  try {
    return await given;
  } catch (error) {
    throw mongodbFailure(error, 'opening', 'none');
  }
}

function checkOptions({ client, url, database, collection }: MongodbStoreOptions): void {
  const given = collection !== undefined && typeof collection !== 'string';
  if ([client !== undefined, url !== undefined, given].filter(Boolean).length !== 1) {
    invalid('give either `client`, or `url`, or a Collection as `collection`');
  }
  if (url !== undefined && typeof url !== 'string') invalid('`url` must be text');
  if (given && database !== undefined) invalid('a Collection has its database: leave out `database`');
  checkNames(database, given ? undefined : collection);
}

/** What MongoDB takes on every system, by its page "Limits and Thresholds". */
function checkNames(database: unknown, collection: unknown): void {
  if (database !== undefined && !(typeof database === 'string' && /^[^\s/\\."$*<>:|?\0]{1,63}$/.test(database))) {
    invalid('`database` must have 1 to 63 characters, and none of blanks and / \\ . " $ * < > : | ?');
  }
  if (typeof collection === 'string' && !/^(?!system\.)[^$\0]{1,120}$/.test(collection)) {
    invalid('`collection` must have 1 to 120 characters, no $ among them, and not begin with system.');
  }
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `MongoDB store: ${what}.`);
}
