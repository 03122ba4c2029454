/** A document of MongoDB: a command, its answer, or what a collection holds. */
export type MongodbFields = Readonly<Record<string, unknown>>;

/** What is said with every command; a driver that does not know `signal` passes over it. */
export interface MongodbCommandOptions {
  readonly signal?: AbortSignal;
  readonly promoteBuffers?: boolean;
  readonly enableUtf8Validation?: boolean;
}

/** A `Db` of the package `mongodb`. */
export interface MongodbDatabase {
  readonly databaseName: string;
  command(command: MongodbFields, options?: MongodbCommandOptions): Promise<MongodbFields>;
}

/** A `MongoClient` of the package `mongodb`, 6 or newer. */
export interface MongodbClient {
  db(name?: string): MongodbDatabase;
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
}

/** A `Collection` of the package `mongodb`. */
export interface MongodbCollection {
  readonly collectionName: string;
  readonly dbName: string;
}

export function isClient(value: unknown): value is MongodbClient {
  const client = value as Partial<MongodbClient> | null | undefined;
  return typeof client?.db === 'function' && typeof client.connect === 'function';
}

/** The database and the client of a collection; undefined for what is none. */
export function ownersOf(value: unknown): { client: MongodbClient; database: MongodbDatabase } | undefined {
  const { collectionName, dbName, db, client } = (value ?? {}) as Partial<MongodbCollection> & {
    db?: Partial<MongodbDatabase> & { client?: unknown };
    client?: unknown;
  };
  if (typeof collectionName !== 'string' || typeof dbName !== 'string') return undefined;
  // Which of the two a collection has depends on the version of the driver.
  const owner = client ?? db?.client;
  return isClient(owner) ? { client: owner, database: owner.db(dbName) } : undefined;
}

/** What a server may be that takes writes, in the driver's words. */
const WRITABLE: ReadonlySet<unknown> = new Set(['Standalone', 'RSPrimary', 'Mongos', 'LoadBalancer']);

/**
 * Whether the driver knows a server that takes writes, so that it would send one now and not keep it. No driver
 * documents where that stands; where it is not found, it is taken to be so.
 */
export function takesWrites(client: MongodbClient): boolean {
  const { topology } = client as { topology?: { description?: { servers?: ReadonlyMap<string, { type?: unknown }> } } };
  const servers = topology?.description?.servers;
  if (!(servers instanceof Map)) return true;
  for (const { type } of servers.values()) if (WRITABLE.has(type)) return true;
  return false;
}
