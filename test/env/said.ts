import { merge } from '../../src/env/merge.ts';
import { readSettings } from '../../src/env/read.ts';
import { CoatcheckError } from '../../src/errors.ts';

/** 43 characters, as the command in the errors makes them. */
export const KEY = '0jS3l0wqXW0cQmYv9bJ5dPz7TgN2hRk8uEaFiLoC1sM';
export const OLD_KEY = 'pV6xZ1nKq4rGtB8yH3wUeD5mJ7sAcF9oL2iXbQ0vTkY';

/** Schemes of a version with Redis, and with a store that is still to come. */
export const SCHEMES = {
  all: [
    'memory',
    'sqlite',
    'redis',
    'rediss',
    'postgres',
    'postgresql',
    'mysql+pymysql',
    'datastore',
    'dynamodb',
    'memcached',
    'mongodb',
    'mongodb+srv',
    'file',
  ],
  prefixed: ['redis', 'rediss', 'memcached'],
};

/** What an environment says, as the options that it becomes; `store` is the URL. */
export function saidBy(env: Record<string, string>, schemes = SCHEMES): Record<string, unknown> {
  const { kind, store, said } = readSettings(env, schemes);
  return {
    ...merge({}, said),
    ...(store === undefined ? {} : { store: store.url }),
    ...(store?.prefix === undefined ? {} : { prefix: store.prefix }),
    ...(store?.table === undefined ? {} : { table: store.table }),
    ...(store?.schema === undefined ? {} : { schema: store.schema }),
    ...(kind === 'cookie' ? { kind } : {}),
  };
}

/** The message of the error that an act ends in, with its code in front. */
export async function failureOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof CoatcheckError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing was thrown';
}
