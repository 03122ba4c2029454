import type { CoatcheckError } from '../errors.ts';
import { postgresFailure } from './postgres-errors.ts';
import { codeOf, type PostgresRunner, type Statement } from './postgres-pool.ts';
import type { DocumentForm } from './sql-document.ts';
import { foreignTable, missingTable, newerTable, SCHEMA_TABLE } from './sql-schema.ts';

/** The number of the table's form. A change of the columns counts it up and says here how to get there. */
const SCHEMA = 1;

/** Which table; both names were checked. */
export interface TableName {
  /** Undefined: where the connection's search_path finds it. */
  readonly schema: string | undefined;
  readonly table: string;
}

/** The name as SQL. */
export function quoted({ schema, table }: TableName): string {
  return schema === undefined ? `"${table}"` : `"${schema}"."${table}"`;
}

/** The statements that make the table, all or none of them where they are sent together. */
export function tableDdl(name: TableName, form: DocumentForm): string {
  const table = quoted(name);
  const known = quoted({ ...name, table: SCHEMA_TABLE });
  return `CREATE TABLE ${table} (
  key text COLLATE "C" PRIMARY KEY,
  document ${form === 'json' ? 'json NOT NULL' : 'bytea NOT NULL,\n  is_text boolean NOT NULL'},
  version uuid NOT NULL,
  expires_at timestamptz NOT NULL,
  owner text COLLATE "C",
  owner_until timestamptz,
  CHECK ((owner IS NULL) = (owner_until IS NULL))
);
CREATE INDEX ON ${table} (expires_at);
CREATE INDEX ON ${table} (owner) WHERE owner IS NOT NULL;
CREATE TABLE IF NOT EXISTS ${known} (
  name text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  document text NOT NULL
);
INSERT INTO ${known} (name, version, document) VALUES ('${name.table}', ${SCHEMA}, '${form}')
  ON CONFLICT (name) DO UPDATE SET version = excluded.version, document = excluded.document;`;
}

/** What two that make the same table at once meet; and what is met by whom comes second. */
const TAKEN = new Set(['42P07', '42710', '23505', 'XX000']);

/**
 * Makes the table where it is missing; the form that it has.
 *
 * @throws CoatcheckError `STORE_FAILED`
 */
export async function makeTable(runner: PostgresRunner, name: TableName, form: DocumentForm): Promise<DocumentForm> {
  const making: Statement = { verb: 'createTable', text: tableDdl(name, form), name: '', writes: true };
  for (let attempt = 1; attempt <= 3; attempt++) {
    const found = await lookUp(runner, name);
    if (found !== undefined) return found;
    try {
      await runner.run(making, [], () => undefined);
    } catch (error) {
      if (!TAKEN.has(causeOf(error))) throw error;
    }
  }
  throw foreignTable('PostgreSQL', name.table);
}

/**
 * The form of a table that can be read and written.
 *
 * @throws CoatcheckError `STORE_FAILED` where it is missing, somebody else's, of a newer coatcheck, or not ours to use
 */
export async function checkTable(runner: PostgresRunner, name: TableName): Promise<DocumentForm> {
  const form = await lookUp(runner, name);
  if (form !== undefined) return form;
  throw missingTable(
    'PostgreSQL',
    name.table,
    'Make it with createTable of coatcheck/store/postgres, or have somebody run the statements that schemaOf gives',
  );
}

/** Undefined where coatcheck made no such table. */
async function lookUp(runner: PostgresRunner, name: TableName): Promise<DocumentForm | undefined> {
  // Everything that would be refused later is looked for now: a start that fails is better than a first visitor.
  const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map(
    (right) => `has_table_privilege(to_regclass($2), '${right}')`,
  );
  const looking: Statement = {
    verb: 'opening',
    text: `SELECT version, document, ${rights.join(' AND ')} AS allowed,
        pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' AS read_only
      FROM ${quoted({ ...name, table: SCHEMA_TABLE })} WHERE name = $1`,
    name: '',
    writes: false,
  };
  let row: Record<string, unknown> | undefined;
  try {
    row = await runner.run(looking, [name.table, quoted(name)], ({ rows }) => rows[0]);
  } catch (error) {
    if (causeOf(error) === '42P01') return undefined;
    throw error;
  }
  // Its row may have outlived the table.
  if (row === undefined || row.allowed === null) return undefined;
  if (Number(row.version) > SCHEMA) throw newerTable('PostgreSQL', name.table);
  if (row.allowed !== 't') throw refusal('42501');
  if (row.read_only === 't') throw refusal('25006');
  return row.document === 'bytes' ? 'bytes' : 'json';
}

function refusal(code: string): CoatcheckError {
  return postgresFailure({ code }, 'opening', 'reading');
}

function causeOf(error: unknown): string {
  return codeOf((error as { cause?: unknown }).cause);
}
