import { CoatcheckError } from '../errors.ts';

/**
 * The table beside the tables, a row for each of them: its name and the number of its form. A change of the columns
 * counts the number up.
 */
export const SCHEMA_TABLE = 'coatcheck_schema';

/** The table was made by a version that knows more than we do. */
export function newerTable(store: string, table: string): CoatcheckError {
  return refusal(
    `${store} store: a newer coatcheck made the table ${table}. Update coatcheck here, or choose another \`table\`.`,
  );
}

/** Somebody else's table has the name. */
export function foreignTable(store: string, table: string): CoatcheckError {
  return refusal(`${store} store: ${table} is there and was not made by coatcheck. Choose another \`table\`.`);
}

/**
 * There is no such table.
 *
 * @param remedy what to do, a sentence without its full stop
 */
export function missingTable(store: string, table: string, remedy: string): CoatcheckError {
  return refusal(`${store} store: there is no table ${table}. ${remedy}.`);
}

function refusal(message: string): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', message, { outcome: 'none' });
}
