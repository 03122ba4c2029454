import type { DocumentForm } from './sql-document.ts';

/** How many keys one statement names at most. */
export const MOST_KEYS = 128;
/** How many rows one statement of a sweep deletes. */
export const SWEEP_ROWS = 64;

export interface MysqlStatements {
  readonly read: string;
  readonly create: string;
  readonly update: string;
  readonly touch: string;
  readonly stands: string;
  readonly destroy: string;
  readonly put: string;
  readonly listOwned: string;
  readonly forget: string;
  readonly sweep: string;
  /** What every verb needs, done to no row: a right that is missing and a server that only reads refuse it. */
  readonly nothings: readonly string[];
  /** Of so many keys: a power of two, that few statements need to be prepared. */
  readMany(keys: number): string;
  expired(limit: number): string;
  scan(limit: number): string;
}

/**
 * Every statement, in what MySQL and MariaDB both understand, whatever their sql_mode: names in backticks, no literals.
 * The table's name was checked, limits are whole numbers; everything else is a parameter (R85).
 *
 * @param table quoted
 */
export function mysqlStatements(table: string, form: DocumentForm): MysqlStatements {
  const json = form === 'json';
  // As bytes, both ways: else the server would turn it into the letters of the connection and back, and the driver give
  // JSON parsed.
  const document = json ? 'CAST(`document` AS BINARY) AS `document`' : '`document`, `is_text`';
  const record = `${document}, \`version\`, \`expires_ms\` AS \`expires_at\`, \`owner\`, \`owner_until_ms\` AS \`owner_until\``;
  const columns = `\`key\`, \`document\`,${json ? '' : ' `is_text`,'} \`version\`, \`expires_ms\`, \`owner\`, \`owner_until_ms\``;
  const kept = json ? 'CAST(? AS BINARY)' : '?';
  const values = `(${columns}) VALUES (?, ${kept},${json ? '' : ' ?,'} ?, ?, ?, ?)`;
  const place = 'WHERE `key` = ?';
  const many = (head: string, tail: string): ((keys: number) => string) =>
    each((keys) => `${head} WHERE \`key\` IN (${Array(keys).fill('?').join(', ')})${tail}`);
  return {
    read: `SELECT ${record} FROM ${table} ${place}`,
    create: `INSERT INTO ${table} ${values}`,
    update: `UPDATE ${table} SET \`document\` = ${kept},${json ? '' : ' `is_text` = ?,'} \`version\` = ?, \`expires_ms\` = ? ${place} AND \`version\` = ?`,
    touch: `UPDATE ${table} SET \`expires_ms\` = GREATEST(\`expires_ms\`, CAST(? AS SIGNED)) ${place} AND \`version\` = ?`,
    stands: `SELECT 1 AS \`stands\` FROM ${table} ${place} AND \`version\` = ?`,
    destroy: `DELETE FROM ${table} ${place}`,
    put: `REPLACE INTO ${table} ${values}`,
    nothings: [
      `UPDATE ${table} SET \`owner\` = NULL WHERE \`key\` = ''`,
      `REPLACE INTO ${table} (${columns}) SELECT ${columns} FROM ${table} WHERE \`key\` = ''`,
    ],
    listOwned: `SELECT \`key\` FROM ${table} WHERE \`owner\` = ?`,
    forget: `UPDATE ${table} SET \`owner\` = NULL, \`owner_until_ms\` = NULL ${place} AND \`owner\` = ?`,
    // By the keys found before, so that no gap between rows is locked in which others write; `+ 0`, so that no plan
    // goes by the index of the expiry after all.
    sweep: many(`DELETE FROM ${table}`, ' AND `expires_ms` + 0 <= CAST(? AS SIGNED)')(SWEEP_ROWS),
    readMany: many(`SELECT \`key\`, ${record} FROM ${table}`, ''),
    expired: each(
      (limit) =>
        `SELECT \`key\` FROM ${table} WHERE \`expires_ms\` <= CAST(? AS SIGNED) ORDER BY \`expires_ms\` LIMIT ${limit}`,
    ),
    scan: each(
      (limit) =>
        `SELECT \`key\`, \`expires_ms\` AS \`expires_at\`, \`owner\` FROM ${table} WHERE \`key\` > ? ORDER BY \`key\` LIMIT ${limit}`,
    ),
  };
}

/** Makes the statement of each number once. */
function each(sql: (n: number) => string): (n: number) => string {
  const made = new Map<number, string>();
  return (n) => {
    const known = made.get(n) ?? sql(n);
    made.set(n, known);
    return known;
  };
}
