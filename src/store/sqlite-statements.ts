import type { SqlRow } from './sql-row.ts';
import type { SqliteDatabase, SqliteStatement } from './sqlite-driver.ts';

export interface Row extends SqlRow {
  readonly key: string;
  readonly document: string | Uint8Array;
  readonly is_text: number;
  readonly expires_at: number;
}

export type SqliteStatements = Readonly<
  Record<
    'read' | 'create' | 'update' | 'touch' | 'destroy' | 'put' | 'listOwned' | 'forget' | 'sweep' | 'scan',
    SqliteStatement
  >
>;

/** Every statement of the store, prepared once. The table's name was checked; everything else is a parameter (R85). */
export function sqliteStatements(database: SqliteDatabase, table: string): SqliteStatements {
  const insert = `INSERT INTO "${table}" (key, document, is_text, version, expires_at, owner, owner_until)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key)`;
  return {
    read: database.prepare(`SELECT * FROM "${table}" WHERE key = ?`),
    create: database.prepare(`${insert} DO NOTHING`),
    update: database.prepare(
      `UPDATE "${table}" SET document = ?, is_text = ?, version = ?, expires_at = ? WHERE key = ? AND version = ?`,
    ),
    touch: database.prepare(`UPDATE "${table}" SET expires_at = max(expires_at, ?) WHERE key = ? AND version = ?`),
    destroy: database.prepare(`DELETE FROM "${table}" WHERE key = ?`),
    put: database.prepare(
      `${insert} DO UPDATE SET document = excluded.document, is_text = excluded.is_text, version = excluded.version,
        expires_at = excluded.expires_at, owner = excluded.owner, owner_until = excluded.owner_until`,
    ),
    listOwned: database.prepare(`SELECT key FROM "${table}" WHERE owner = ?`),
    forget: database.prepare(`UPDATE "${table}" SET owner = NULL, owner_until = NULL WHERE key = ? AND owner = ?`),
    // One statement finds and deletes, so nothing can be renewed in between.
    sweep: database.prepare(
      `DELETE FROM "${table}" WHERE rowid IN
        (SELECT rowid FROM "${table}" WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)`,
    ),
    scan: database.prepare(`SELECT key, expires_at, owner FROM "${table}" WHERE key > ? ORDER BY key LIMIT ?`),
  };
}
