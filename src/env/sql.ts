import { agreed, type Given } from './given.ts';
import { wrong } from './values.ts';

/** Where a store on SQL keeps its records. */
export interface TableSaid {
  readonly table: string | undefined;
  readonly schema: string | undefined;
}

const TABLES = ['SESSION_SQLALCHEMY_TABLE', 'SESSION_POSTGRESQL_TABLE'];
const SCHEMAS = ['SESSION_SQLALCHEMY_SCHEMA', 'SESSION_POSTGRESQL_SCHEMA'];

/**
 * The table that the settings name.
 *
 * @param scheme of the store's URL; empty where no store is named
 * @throws CoatcheckError `SETTING_INVALID` for a table that the store has not
 */
export function tableIn(given: Given, scheme: string): TableSaid {
  return {
    table: one(given, TABLES, scheme, /^(sqlite|postgres|mysql|mariadb)/, 'has no table'),
    schema: one(given, SCHEMAS, scheme, /^postgres/, 'has no schema; that is for PostgreSQL'),
  };
}

function one(
  given: Given,
  settings: readonly string[],
  scheme: string,
  has: RegExp,
  hasNot: string,
): string | undefined {
  const setting = settings.find((name) => given.has(name));
  if (setting === undefined) return undefined;
  if (scheme === '') throw wrong(setting, 'needs the store it is for, in SESSION_URI');
  if (!has.test(scheme)) throw wrong(setting, `is refused: a ${scheme} store ${hasNot}`);
  if (setting.includes('POSTGRESQL') && !scheme.startsWith('postgres')) {
    throw wrong(setting, `is refused: the store is a ${scheme} one. Write ${settings[0]}`);
  }
  return agreed(given, settings);
}
