import { CoatcheckError } from '../errors.ts';
import { STORE_HABITS } from '../option-names.ts';
import { SCHEMA_TABLE } from './sql-schema.ts';

const WHOSE = 'Whose sessions these are is told by the table: { table }';

/** What people bring from other libraries to a store on SQL. */
export const SQL_HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  tableName: 'The name of the table is called table',
  prefix: WHOSE,
  keyPrefix: WHOSE,
};

/**
 * Refuses a name that would have to be quoted with care: names are the only part of a statement that is no parameter
 * (R85).
 *
 * @param store the database’s name, for the message
 * @param option which option says it
 * @param longest how many letters it may have
 * @param refused names with which the database has plans of its own, and the sentence that says so
 * @throws CoatcheckError `OPTION_INVALID`
 */
export function checkName(
  store: string,
  option: string,
  name: unknown,
  longest: number,
  refused?: { readonly names: RegExp; readonly why: string },
): asserts name is string {
  const shaped = typeof name === 'string' && name.length <= longest && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
  if (shaped && name.toLowerCase() !== SCHEMA_TABLE && !refused?.names.test(name)) return;
  const more = refused === undefined ? '' : ` ${refused.why}`;
  throw new CoatcheckError(
    'OPTION_INVALID',
    `${store} store: \`${option}\` must begin with a letter or _, go on with letters, digits and _, have ${longest} of them at most, and not be ${SCHEMA_TABLE}.${more}`,
  );
}
