/*
 * The layout, call by call. One entity a record, of one kind in one namespace, with its key as name: document (text or
 * bytes), version, expiresAt (milliseconds since 1970) and until, none of them indexed; ttl (a time, a minute later than
 * the end of the record's life) and owner, each with the index that Datastore makes by itself. The owner stands in the
 * record, so that the list of his records cannot be behind.
 *
 *   read       Lookup, strong
 *   readMany   Lookup of all keys                      a thousand a call
 *   create     Commit of an insert                     where it is taken: Lookup
 *   update     Lookup that begins a transaction, Commit of the entity where the version is the one given, else Rollback
 *   touch      the same
 *   destroy    the same, Commit of a delete
 *   forget     the same, Commit without the owner
 *   put        Commit of an upsert
 *   listOwned  RunQuery by owner, keys only
 *   sweep      RunQuery by ttl, keys only; then, 25 at a time, BeginTransaction, Lookup, Commit of deletes; the next page
 *              where foreign entities stand in the way
 *   scan       RunQuery in the order of keys
 */
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import {
  type DatastoreClient,
  type DatastoreModule,
  type DatastoreTransaction,
  loadModule,
  makeClient,
} from './datastore-client.ts';
import { datastoreFailure, tooLate } from './datastore-errors.ts';
import { DatastoreStore, type Place } from './datastore-store.ts';
import { type DatastoreTarget, parseDatastoreUrl } from './datastore-url.ts';
import { inTime } from './opening.ts';

export type { DatastoreClient } from './datastore-client.ts';

/** A `client`, a `url`, or `project`, `database` and `endpoint`, of which each may be left out. */
export interface DatastoreStoreOptions {
  /** A client of yours, or a promise of one: `new Datastore()` of `@google-cloud/datastore` 9 or newer. It is neither changed nor closed. */
  readonly client?: DatastoreClient | Promise<DatastoreClient>;
  /** `datastore://project/kind`; docs/stores/datastore.md has the other forms. Never one that came with a request. */
  readonly url?: string;
  /** The project's id. Default: as Google's client finds it, such as `DATASTORE_PROJECT_ID`. */
  readonly project?: string;
  /** The database's name. Default: the default database. */
  readonly database?: string;
  /** An emulator, such as `http://127.0.0.1:8081`. Default: `DATASTORE_EMULATOR_HOST`, else Google. */
  readonly endpoint?: string;
  /** Default: that of `client`, else the default namespace. */
  readonly namespace?: string;
  /** The kind of the entities. Default `coatcheck_sessions`. */
  readonly kind?: string;
}

const OPTIONS = ['client', 'url', 'project', 'database', 'endpoint', 'namespace', 'kind'];

const CLIENT = 'A client of yours is called client: { client: new Datastore() }';
const WHOSE = 'Whose sessions these are is told by namespace and kind';

/** Of @google-cloud/connect-datastore, and of the client. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  dataset: CLIENT,
  datastore: CLIENT,
  projectId: 'The id of the project is called project',
  databaseId: 'The name of the database is called database',
  apiEndpoint: 'The URL of an emulator is called endpoint',
  keyFilename: `Credentials are found by Google's client: set GOOGLE_APPLICATION_CREDENTIALS. ${CLIENT}`,
  credentials: `Credentials are found by Google's client: set GOOGLE_APPLICATION_CREDENTIALS. ${CLIENT}`,
  expirationMs: "How long a session lives is said to createSessions: lifetime: { idle: '1h', absolute: '24h' }",
  prefix: WHOSE,
  keyPrefix: WHOSE,
};

/** A name that no record has. */
const PROBE = '~probe';

/**
 * Keeps records in Google Cloud Datastore (Firestore in Datastore mode), one entity a record. Compare-and-set is a
 * transaction of one entity, exact for everybody; reads and queries are strong.
 *
 * It is a promise because a wrong project should end the start and not the first request.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, `DRIVER_MISSING`, or `STORE_FAILED`
 *   where Datastore does not answer or does not let us in
 *
 * @example
 * const sessions = createSessions({ store: await openDatastore({ project: 'shop', kind: 'sessions' }) });
 */
export async function openDatastore(options: DatastoreStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'Datastore store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openDatastore({ project: 'shop', kind: 'sessions' })",
  });
  const target = checkOptions(options);
  const module = await loadModule();
  const { client, close } = await clientFor(options, target, module);
  try {
    const place: Place = {
      kind: target.kind ?? 'coatcheck_sessions',
      namespace: target.namespace ?? client.namespace,
    };
    await inTime(probe(client, place), tooLate('opening', 'none'));
    return new DatastoreStore(client, module, place, close);
  } catch (error) {
    close?.();
    throw datastoreFailure(error, 'opening', 'none');
  }
}

async function clientFor(
  { client: given }: DatastoreStoreOptions,
  target: DatastoreTarget,
  module: DatastoreModule,
): Promise<{ client: DatastoreClient; close?: () => void }> {
  if (given === undefined) return makeClient(module, target);
  let client: DatastoreClient;
  try {
    client = await given;
  } catch (error) {
    throw datastoreFailure(error, 'opening', 'none');
  }
  if (typeof client?.transaction !== 'function' || typeof client.createQuery !== 'function') {
    invalid('`client` must be a client of `@google-cloud/datastore` 9 or newer');
  }
  return { client };
}

/** Older clients do not begin a transaction by its first read: what they commit would compare with nothing. */
async function probe(client: DatastoreClient, { kind, namespace }: Place): Promise<void> {
  // Without them the client's first call would end the process: it leaves a rejected promise to nobody.
  if ((client.options as { sslCreds?: unknown } | undefined)?.sslCreds === undefined) await client.auth?.getClient();
  const transaction = client.transaction() as DatastoreTransaction;
  await transaction.get(client.key({ namespace, path: [kind, PROBE] }), { gaxOptions: { retry: null } });
  if (transaction.id === undefined)
    invalid('`@google-cloud/datastore` is too old: run `npm install @google-cloud/datastore`');
  await transaction.rollback({ retry: null });
}

function checkOptions(options: DatastoreStoreOptions): DatastoreTarget {
  const { client, url, project, database, endpoint, namespace, kind } = options;
  const placed = project !== undefined || database !== undefined || endpoint !== undefined;
  if (Number(client !== undefined) + Number(url !== undefined) + Number(placed) > 1) {
    invalid('give `client`, or `url`, or `project`, `database` and `endpoint`, and not two of them');
  }
  for (const [name, value] of Object.entries({ url, project, database, endpoint })) {
    if (value !== undefined && (typeof value !== 'string' || value === '')) invalid(`\`${name}\` must be text`);
  }
  const target = url === undefined ? { project, database, endpoint } : parseDatastoreUrl(url);
  checkEndpoint(target.endpoint);
  return {
    ...target,
    namespace: checked('namespace', once('namespace', namespace, target), /^[\w.-]{0,100}$/),
    kind: checked('kind', once('kind', kind, target), /^(?!__)[\w.:-]{1,100}$/),
  };
}

/** Google's client speaks TLS with every endpoint but one on loopback, unless DATASTORE_EMULATOR_HOST is set. */
function checkEndpoint(endpoint: string | undefined): void {
  if (endpoint === undefined || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):\d+\/?$/.test(endpoint)) return;
  if (/^https:\/\/[^\s/?#@]+\/?$/.test(endpoint)) return;
  invalid(
    '`endpoint` must be a URL such as http://127.0.0.1:8081. For an emulator on another host set DATASTORE_EMULATOR_HOST',
  );
}

function once(name: 'kind' | 'namespace', value: string | undefined, target: DatastoreTarget): string | undefined {
  if (value !== undefined && target[name] !== undefined) {
    invalid(`the ${name} stands in \`url\` already. Leave \`${name}\` out`);
  }
  return value ?? target[name];
}

function checked(name: string, value: string | undefined, shape: RegExp): string | undefined {
  if (value === undefined || (typeof value === 'string' && shape.test(value))) return value;
  return invalid(`\`${name}\` must be short text of letters, digits, and \`_\`, \`.\` or \`-\``);
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `Datastore store: ${what}.`);
}
