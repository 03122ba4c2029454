import { createHash } from 'node:crypto';
import type { Statement } from './postgres-pool.ts';
import type { DocumentForm } from './sql-document.ts';

/** What each verb sends. Names were checked; everything else is a parameter (R85). */
export type PostgresStatements = Readonly<
  Record<
    'read' | 'readMany' | 'create' | 'update' | 'touch' | 'destroy' | 'put' | 'listOwned' | 'forget' | 'sweep' | 'scan',
    Statement
  >
>;

/**
 * The statements on one table.
 *
 * @param table its name as SQL, quoted, with its schema where it was given
 */
export function postgresStatements(table: string, form: DocumentForm): PostgresStatements {
  const bytes = form === 'bytes';
  // Not as bytea: its text depends on bytea_output, and takes two letters for a byte.
  const document = bytes ? "encode(document, 'base64') AS document, is_text" : 'document';
  const record = `${document}, version, ${ms('expires_at')}, owner, ${ms('owner_until')}`;
  // Behind the others, so that the numbers of the others stay.
  const isText = bytes
    ? { column: ', is_text', insert: ', $7', set: ', is_text = $6' }
    : { column: '', insert: '', set: '' };
  const insert = `INSERT INTO ${table} (key, document, version, expires_at, owner, owner_until${isText.column})
    VALUES ($1, $2, $3, $4, $5, $6${isText.insert}) ON CONFLICT (key)`;
  const reading = (verb: string, text: string): Statement => ({ verb, text, name: nameOf(text), writes: false });
  const writing = (verb: string, text: string): Statement => ({ verb, text, name: nameOf(text), writes: true });
  return {
    read: reading('read', `SELECT ${record} FROM ${table} WHERE key = $1`),
    readMany: reading('read', `SELECT key, ${record} FROM ${table} WHERE key = ANY ($1)`),
    create: writing('create', `${insert} DO NOTHING`),
    // As text, for a version that no coatcheck gave is another one and no error.
    update: writing(
      'update',
      `UPDATE ${table} SET document = $3, version = $4, expires_at = $5${isText.set}
        WHERE key = $1 AND version::text = $2`,
    ),
    touch: writing(
      'touch',
      `UPDATE ${table} SET expires_at = greatest(expires_at, $3) WHERE key = $1 AND version::text = $2`,
    ),
    destroy: writing('destroy', `DELETE FROM ${table} WHERE key = $1`),
    put: writing(
      'put',
      `${insert} DO UPDATE SET document = excluded.document, version = excluded.version,
        expires_at = excluded.expires_at, owner = excluded.owner, owner_until = excluded.owner_until${bytes ? ', is_text = excluded.is_text' : ''}`,
    ),
    listOwned: reading('listOwned', `SELECT key FROM ${table} WHERE owner = $1`),
    forget: writing('forget', `UPDATE ${table} SET owner = NULL, owner_until = NULL WHERE key = $1 AND owner = $2`),
    // Rows that somebody writes just now are left for the next time, so nobody waits and nobody is waited for. What was
    // renewed before its row was locked is seen here, where it was locked. An array, for a subquery of IN may be run
    // again and again, each time with other rows.
    sweep: writing(
      'sweep',
      `WITH gone AS (DELETE FROM ${table} WHERE expires_at <= $1 AND ctid = ANY (ARRAY(
          SELECT ctid FROM ${table} WHERE expires_at >= $3 AND expires_at <= $1
            ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
          RETURNING expires_at)
        SELECT count(*), extract(epoch FROM max(expires_at)) * 1000 AS last FROM gone`,
    ),
    scan: reading('scan', `SELECT key, ${ms('expires_at')}, owner FROM ${table} WHERE key > $1 ORDER BY key LIMIT $2`),
  };
}

/** Exact: PostgreSQL counts microseconds, and gives them as a decimal number. */
function ms(column: string): string {
  return `extract(epoch FROM ${column}) * 1000 AS ${column}`;
}

function nameOf(text: string): string {
  return `coatcheck_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
}

/** A time as a parameter. Beyond the year 9999 a Date writes a sign and zeros in front, which PostgreSQL does not read. */
export function timestamp(time: number): string {
  return new Date(time).toISOString().replace(/^\+0*/, '');
}
