import { INDEXES } from '../store/mongodb-check.ts';
import type { DocumentForm } from '../store/sql-document.ts';
import { storeOf } from '../url/words.ts';
import type { StoreUrlOptions } from '../url.ts';
import { usage } from './exit.ts';
import { inUrl, type Place } from './store.ts';

/** What has to be there before a store can be used. */
export interface Requirements {
  /** For a program: SQL, or what the client of that store reads. Undefined where nothing has to be made. */
  readonly text?: string;
  /** For people. */
  readonly note: string;
}

interface Wanted extends StoreUrlOptions {
  /** Of MySQL. */
  readonly database?: string;
  readonly url: string;
  readonly document: DocumentForm;
}

type Teller = (wanted: Wanted) => Promise<Requirements>;

const redis: Teller = async ({ prefix = 'coatcheck:' }) => ({
  text: `ACL SETUSER sessions on >SECRET ~${prefix}* ${REDIS_COMMANDS.map((command) => `+${command}`).join(' ')}`,
  note: 'Redis needs nothing. A user of its own, for redis-cli, needs these keys and commands; put a password for SECRET.',
});

/** docs/stores/redis.md has the same. */
const REDIS_COMMANDS: readonly string[] =
  'get mget set del exists eval evalsha getrange setrange pttl pexpire zadd zrem zrange zremrangebyscore scan'.split(
    ' ',
  );

const postgres: Teller = async ({ table, schema, document }) => {
  const { schemaOf } = await import('../store/postgres.ts');
  const sql = schemaOf({ document, ...(table !== undefined && { table }), ...(schema !== undefined && { schema }) });
  return {
    text: `BEGIN;\n${sql}\nCOMMIT;`,
    note: 'For psql. createTable() of coatcheck/store/postgres runs the same.',
  };
};

const mysql: Teller = async ({ table, database, document }) => {
  const { schemaOf } = await import('../store/mysql.ts');
  return {
    text: `${schemaOf({ document, ...(table !== undefined && { table }), ...(database !== undefined && { database }) })};`,
    note: 'For mysql, in the database of the URL. createTable() of coatcheck/store/mysql runs the same.',
  };
};

const sqlite: Teller = async ({ table }) => {
  const { schemaOf } = await import('../store/sqlite.ts');
  return {
    text: schemaOf(table === undefined ? {} : { table }),
    note: 'For sqlite3. Nobody has to run it: opening makes the file and the table where they are missing.',
  };
};

const dynamodb: Teller = async ({ url }) => {
  const [{ tableInput, TTL }, { parseDynamodbUrl }] = await Promise.all([
    import('../store/dynamodb-table.ts'),
    import('../store/dynamodb-url.ts'),
  ]);
  const { table = 'coatcheck_sessions' } = parseDynamodbUrl(url);
  const ttl = { TableName: table, TimeToLiveSpecification: TTL };
  return {
    text: `aws dynamodb create-table --cli-input-json '${JSON.stringify(tableInput(table))}'
aws dynamodb wait table-exists --table-name ${table}
aws dynamodb update-time-to-live --cli-input-json '${JSON.stringify(ttl)}'`,
    note: 'For a shell with the AWS CLI. createTable() of coatcheck/store/dynamodb does the same.',
  };
};

const mongodb: Teller = async ({ url }) => {
  const { parseMongodbUrl } = await import('../store/mongodb-url.ts');
  const collection = (/\/\//.test(url) ? parseMongodbUrl(url).collection : undefined) ?? 'coatcheck_sessions';
  return {
    text: `db.runCommand(${JSON.stringify({ createIndexes: collection, indexes: INDEXES })})`,
    note: 'For mongosh, in the database of the URL. Nobody has to run it where opening may make indexes.',
  };
};

const nothing =
  (note: string): Teller =>
  async () => ({ note });

const TELLERS: Readonly<Record<string, Teller>> = {
  redis,
  postgres,
  mysql,
  sqlite,
  dynamodb,
  mongodb,
  memcached: nothing('memcached needs nothing.'),
  datastore: nothing(
    'Datastore needs nothing: entities of a new kind may be written at once. The role is roles/datastore.user.',
  ),
  file: nothing('Files need nothing but the folder around theirs: opening makes that one, with mode 0700.'),
  memory: nothing('Memory needs nothing.'),
};

/**
 * What has to exist for a URL. Nothing is connected, and no password gets into the text.
 *
 * @throws CoatcheckError `USAGE`, and what the names of tables are refused with
 */
export async function requirementsOf({ url, options }: Place, document: DocumentForm): Promise<Requirements> {
  const store = storeOf(/^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '');
  const tell = Object.hasOwn(TELLERS, store) ? TELLERS[store] : undefined;
  if (tell === undefined) throw usage(`A store URL begins with one of: ${Object.keys(TELLERS).join(':, ')}:`);
  const said = inUrl(url);
  return tell({ ...said.options, ...options, url: said.url, document });
}
