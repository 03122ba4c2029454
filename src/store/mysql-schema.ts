import { CoatcheckError } from '../errors.ts';
import type { MysqlDriver } from './mysql-driver.ts';
import { MYSQL } from './mysql-errors.ts';
import type { DocumentForm } from './sql-document.ts';
import { foreignTable, missingTable, newerTable } from './sql-schema.ts';

/** The number of the table's form. A change of the columns counts it up and says here how to get there. */
const SCHEMA = 1;

/** Names that were checked. Without a database: the one that the connections are in. */
export interface TableName {
  readonly database: string | undefined;
  readonly table: string;
}

/** What opening learns of the server and the table. */
export interface TableFacts {
  readonly form: DocumentForm;
  /** The longest statement that the server takes, in bytes. */
  readonly maxPacket: number;
}

export function quoted({ database, table }: TableName): string {
  return database === undefined ? `\`${table}\`` : `\`${database}\`.\`${table}\``;
}

/** What the server and its catalogue say; one row whatever is there. */
interface Found {
  readonly max_packet: number | string;
  readonly autocommit: number | string;
  readonly in_database: string | null;
  readonly comment: string | null;
  readonly document: string | null;
}

/**
 * The number of the form stands in the table's comment: written with the table, in the same statement, and moved with
 * it. MySQL has no transaction around statements that make tables.
 */
const COMMENT = /^coatcheck (\d+)$/;

const LOOK = (given: boolean): string => {
  const there = `table_schema = ${given ? '?' : 'DATABASE()'} AND table_name = ?`;
  return `SELECT @@max_allowed_packet AS max_packet, @@autocommit AS autocommit, DATABASE() AS in_database,
    (SELECT table_comment FROM information_schema.tables WHERE ${there}) AS comment,
    (SELECT data_type FROM information_schema.columns WHERE ${there} AND column_name = 'document') AS document`;
};

/** @throws CoatcheckError `STORE_FAILED` where there is no table of ours, or connections are not as they must be */
export async function checkTable(driver: MysqlDriver, name: TableName): Promise<TableFacts> {
  const found = await look(driver, name);
  if (Number(found.autocommit) === 0) {
    throw refusal('the connections of the pool have autocommit off: nothing that is written would stay. Switch it on');
  }
  const form = formOf(found, name);
  if (form === undefined) {
    throw missingTable(MYSQL, name.table, 'Make it with createTable of coatcheck/store/mysql');
  }
  return { form, maxPacket: Number(found.max_packet) };
}

/** Makes the table where it is missing; one that is there must be of the form asked for. */
export async function makeTable(driver: MysqlDriver, name: TableName, form: DocumentForm): Promise<void> {
  if (formOf(await look(driver, name), name) === undefined) {
    // Somebody else may make it at the same moment.
    await driver.write('createTable', tableDdl(name, form), [], () => undefined);
  }
  const there = formOf(await look(driver, name), name);
  if (there !== form) {
    throw refusal(
      `${name.table} keeps documents as ${there}, not as ${form}. Write '${there}', or choose another \`table\``,
    );
  }
}

async function look(driver: MysqlDriver, { database, table }: TableName): Promise<Found> {
  const place = database === undefined ? [table] : [database, table];
  const sql = LOOK(database !== undefined);
  const [found] = await driver.rows('opening', sql, [...place, ...place], (rows: readonly Found[]) => rows);
  if (found === undefined) throw refusal('the server did not say what it is');
  if (database === undefined && found.in_database === null) {
    throw refusal('the connections of the pool are in no database. Say which one: { database }');
  }
  return found;
}

/** Undefined where there is no table. */
function formOf({ comment, document }: Found, { table }: TableName): DocumentForm | undefined {
  if (comment === null) return undefined;
  const number = Number(COMMENT.exec(String(comment))?.[1] ?? 0);
  if (number > SCHEMA) throw newerTable(MYSQL, table);
  if (number === 0 || document === null) throw foreignTable(MYSQL, table);
  return String(document).toLowerCase() === 'mediumblob' ? 'bytes' : 'json';
}

/** Of MySQL 8.0.16 and MariaDB 10.2 on. A JSON column of MySQL would not keep our text, so it is text that is checked. */
export function tableDdl(name: TableName, form: DocumentForm): string {
  const ascii = 'CHARACTER SET ascii COLLATE ascii_bin';
  const document =
    form === 'json'
      ? '`document` MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL CHECK (JSON_VALID(`document`))'
      : '`document` MEDIUMBLOB NOT NULL, `is_text` BOOLEAN NOT NULL';
  // DATETIME ends with the year 9999.
  const readable =
    "IF(`expires_ms` < 253402300800000, TIMESTAMPADD(MICROSECOND, `expires_ms` * 1000, TIMESTAMP'1970-01-01 00:00:00'), NULL)";
  return `CREATE TABLE IF NOT EXISTS ${quoted(name)} (
    \`key\` VARCHAR(128) ${ascii} NOT NULL,
    ${document},
    \`version\` VARCHAR(36) ${ascii} NOT NULL,
    \`expires_ms\` BIGINT NOT NULL,
    \`expires_at\` DATETIME(3) GENERATED ALWAYS AS (${readable}) VIRTUAL,
    \`owner\` VARCHAR(255) ${ascii},
    \`owner_until_ms\` BIGINT,
    PRIMARY KEY (\`key\`),
    KEY \`expires\` (\`expires_ms\`),
    KEY \`owner\` (\`owner\`)
  ) ENGINE = InnoDB COMMENT = 'coatcheck ${SCHEMA}'`;
}

function refusal(what: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `${MYSQL} store: ${what}.`, { outcome: 'none' });
}
