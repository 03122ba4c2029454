import { CoatcheckError } from '../errors.ts';

/** An entity as the client gives it: its properties, and its key under a symbol of the client's. */
export type Entity = Readonly<Record<string | symbol, unknown>>;

export interface DatastoreKey {
  readonly name?: string | undefined;
}

/** What the client passes on to gRPC. */
export interface CallOptions {
  readonly timeout?: number;
  /** No attempt beyond the first. */
  readonly retry: null;
}

export interface DatastoreQuery {
  readonly entityFilters?: readonly object[];
  filter(filter: object): DatastoreQuery;
  filter(property: string, operator: string, value: unknown): DatastoreQuery;
  order(property: string): DatastoreQuery;
  select(property: string): DatastoreQuery;
  limit(count: number): DatastoreQuery;
  start(cursor: string): DatastoreQuery;
}

export interface DatastoreTransaction {
  /** There once it has begun. */
  readonly id?: unknown;
  run(options: object): Promise<unknown>;
  get(key: object, options: object): Promise<unknown[]>;
  save(entity: object): void;
  delete(key: object): void;
  commit(options: object): Promise<unknown>;
  rollback(options: object): Promise<unknown>;
}

/** `new Datastore()` of `@google-cloud/datastore`. */
export interface DatastoreClient {
  readonly KEY: symbol;
  readonly namespace?: string | undefined;
  /** Has `sslCreds` where it speaks with an emulator, which asks for no credentials. */
  readonly options?: object;
  readonly auth?: { getClient(): Promise<unknown> };
  key(options: object): object;
  get(keys: object, options: object): Promise<unknown[]>;
  save(entity: object, options: object): Promise<unknown>;
  createQuery(namespace: string, kind: string): object;
  runQuery(query: object, options: object): Promise<unknown[]>;
  transaction(): object;
}

interface OurClient extends DatastoreClient {
  /** By the service's name. The client itself has no way to close them. */
  readonly clients_?: ReadonlyMap<string, { close(): unknown }>;
}

export interface DatastoreModule {
  readonly Datastore: new (options: object) => OurClient;
  readonly PropertyFilter: new (property: string, operator: string, value: unknown) => object;
}

/** Where the database is. What is left out the client finds where it always does. */
export interface DatastorePlace {
  readonly project?: string | undefined;
  readonly database?: string | undefined;
  readonly endpoint?: string | undefined;
}

/** @throws CoatcheckError `DRIVER_MISSING` */
export async function loadModule(): Promise<DatastoreModule> {
  const name = '@google-cloud/datastore';
  try {
    return (await import(name)) as DatastoreModule;
  } catch (cause) {
    throw new CoatcheckError('DRIVER_MISSING', `Datastore store: no driver was found. Run \`npm install ${name}\`.`, {
      cause,
    });
  }
}

/** A client of ours tries to connect again at once, and for ever. */
export function makeClient(
  { Datastore }: DatastoreModule,
  { project, database, endpoint }: DatastorePlace,
): { client: DatastoreClient; close(): void } {
  const emulated = endpoint?.startsWith('http:') || globalThis.process?.env.DATASTORE_EMULATOR_HOST;
  const client = new Datastore({
    ...(project !== undefined && { projectId: project }),
    ...(database !== undefined && { databaseId: database }),
    ...(endpoint !== undefined && { apiEndpoint: endpoint }),
    // An emulator asks for no credentials; they would be looked for all the same, on the network too.
    ...(emulated && { clientOptions: { universeDomain: 'googleapis.com' } }),
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 200,
    'grpc.enable_retries': 0,
    // A machine that lost its power closes no connection.
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  });
  const close = (): void => {
    for (const connection of client.clients_?.values() ?? []) {
      // It rejects where the connection could not even be made.
      Promise.resolve(connection.close()).catch(() => undefined);
    }
  };
  return { client, close };
}
