import { foreignTable, newerTable, SCHEMA_TABLE } from './sql-schema.ts';
import type { SqliteDatabase } from './sqlite-driver.ts';
import { SQLITE } from './sqlite-errors.ts';

/** The number of the table's form. A change of the columns counts it up and says here how to get there. */
const SCHEMA = 1;

const NUMBERS = `CREATE TABLE IF NOT EXISTS ${SCHEMA_TABLE} (name TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL)`;

/**
 * Makes the table where it is missing. The number of its form is kept in a table of its own, a row for each table:
 * `PRAGMA user_version` belongs to the whole database, which the user may share, and a comment in the table's text
 * could not follow an ALTER TABLE.
 *
 * `is_text` is there because libsql cuts a TEXT value at a NUL: such a text is kept as bytes.
 *
 * @throws CoatcheckError `STORE_FAILED` where the name is taken by a table of somebody else's, or of a newer coatcheck
 */
export function prepareSchema(database: SqliteDatabase, table: string): void {
  // Locked first, so that two processes do not make the same table; and something is always written, so that a
  // read-only file fails at the start and not at the first visitor: BEGIN IMMEDIATE alone succeeds on one.
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(NUMBERS);
    const known = database.prepare(`SELECT version FROM ${SCHEMA_TABLE} WHERE name = ?`).get(table) as
      | { version: number }
      | undefined
      | null;
    const taken = Boolean(database.prepare('SELECT 1 AS taken FROM sqlite_schema WHERE name = ?').get(table));
    if (taken && !known) throw foreignTable(SQLITE, table);
    if (taken && known && known.version > SCHEMA) throw newerTable(SQLITE, table);
    // Its row may have outlived the table.
    if (taken) database.prepare(`UPDATE ${SCHEMA_TABLE} SET version = version WHERE name = ?`).run(table);
    else create(database, table);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

export function rollBack(database: SqliteDatabase): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself after some errors, and the first error is the one to tell.
  }
}

function create(database: SqliteDatabase, table: string): void {
  for (const statement of statementsFor(table)) database.exec(statement);
}

/** The statements that make the table, beside that of the numbers. Its name was checked. */
function statementsFor(table: string): readonly string[] {
  return [
    `CREATE TABLE "${table}" (
  key TEXT PRIMARY KEY NOT NULL,
  document NOT NULL,
  is_text INTEGER NOT NULL,
  version TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  owner TEXT,
  owner_until INTEGER
)`,
    `CREATE INDEX "${table}_expires_at" ON "${table}" (expires_at)`,
    `CREATE INDEX "${table}_owner" ON "${table}" (owner) WHERE owner IS NOT NULL`,
    `INSERT OR REPLACE INTO ${SCHEMA_TABLE} (name, version) VALUES ('${table}', ${SCHEMA})`,
  ];
}

/** All of them as text, for whoever makes tables by hand. */
export function tableDdl(table: string): string {
  return [NUMBERS, ...statementsFor(table)].map((statement) => `${statement};`).join('\n');
}
