import { dynamodbIn } from './dynamodb.ts';
import { fileIn } from './file.ts';
import type { Given } from './given.ts';
import { memcachedIn } from './memcached.ts';
import { mongodbIn } from './mongodb.ts';
import { type TableSaid, tableIn } from './sql.ts';
import { readWord, wrong } from './values.ts';

/** The store that the settings name. */
export interface StoreSaid extends TableSaid {
  readonly url: string;
  readonly prefix: string | undefined;
  /** The settings that name it, for errors. */
  readonly settings: string;
}

/** The URL schemes that this version opens, and those of them whose keys can have a prefix. */
export interface Schemes {
  readonly all: readonly string[];
  readonly prefixed: readonly string[];
}

interface Type {
  readonly schemes: readonly string[];
  /** What the word means without a URL. Default: it needs one. */
  readonly alone?: string;
}

const REDIS: Type = {
  schemes: ['', '+cluster', '+sentinel'].flatMap((mode) => [`redis${mode}`, `rediss${mode}`]),
  alone: 'redis://127.0.0.1:6379',
};
const POSTGRES = ['postgres', 'postgresql', 'postgresql+asyncpg', 'postgresql+psycopg', 'postgresql+psycopg2'];
const FILE: Type = { schemes: ['file'], alone: 'file:./sessions' };

/** The words of SESSION_TYPE, and what each may have for a URL. */
const TYPES: Readonly<Record<string, Type>> = {
  memory: { schemes: ['memory'], alone: 'memory:' },
  sqlite: { schemes: ['sqlite'] },
  redis: REDIS,
  // Trio is an event loop of Python; the store is the same.
  'redis+trio': REDIS,
  memcached: { schemes: ['memcached'], alone: 'memcached://127.0.0.1:11211' },
  mongodb: { schemes: ['mongodb', 'mongodb+srv'], alone: 'mongodb://127.0.0.1:27017' },
  sqlalchemy: { schemes: ['sqlite', ...POSTGRES, 'mysql', 'mariadb', 'mysql+mysqldb', 'mysql+pymysql'] },
  postgresql: { schemes: POSTGRES },
  dynamodb: { schemes: ['dynamodb'], alone: 'dynamodb:' },
  datastore: { schemes: ['datastore'], alone: 'datastore:' },
  filesystem: FILE,
  cachelib: FILE,
};

const WORDS: readonly string[] = ['cookie', 'null', ...Object.keys(TYPES)];

/** What SESSION_TYPE says, in small letters. */
export function typeOf(given: Given): string | undefined {
  const text = given.get('SESSION_TYPE');
  if (text === undefined) return undefined;
  const word = readWord('SESSION_TYPE', text, WORDS);
  if (word !== 'null') return word;
  throw wrong(
    'SESSION_TYPE',
    'is null, which stores nothing: write redis, sqlite or cookie, or memory for development',
  );
}

/**
 * The store that the settings name; undefined where they name none.
 *
 * @throws CoatcheckError `SETTING_INVALID` where they contradict each other or name one that this version has not
 */
export function storeSaid(given: Given, schemes: Schemes): StoreSaid | undefined {
  const word = typeOf(given);
  const type = word === undefined ? undefined : TYPES[word];
  if (type !== undefined && !type.schemes.some((one) => schemes.all.includes(one))) {
    throw wrong('SESSION_TYPE', `names a store that is not in this version, which has ${schemes.all.join(', ')}`);
  }
  const named = urlIn(given, schemes);
  const prefix = given.get('SESSION_KEY_PREFIX');
  if (named === undefined && type === undefined) {
    tableIn(given, '');
    if (prefix === undefined) return undefined;
    throw wrong('SESSION_KEY_PREFIX', 'needs the store it is for, in SESSION_URI');
  }
  if (named !== undefined && type !== undefined && !type.schemes.includes(schemeOf(named.url))) {
    throw wrong(`SESSION_TYPE and ${named.setting}`, 'name different stores. Leave one of them out, or let them agree');
  }
  const url = named?.url ?? type?.alone;
  if (url === undefined) {
    const example = word === 'sqlite' ? ', such as sqlite:./sessions.db' : '';
    throw wrong('SESSION_TYPE', `needs SESSION_URI beside it${example}`);
  }
  if (prefix !== undefined && !schemes.prefixed.includes(schemeOf(url))) {
    throw wrong(
      'SESSION_KEY_PREFIX',
      `is refused: a ${schemeOf(url)} store has no prefix; its keys are hashes and meet no others`,
    );
  }
  return { url, prefix, ...tableIn(given, schemeOf(url)), settings: named?.setting ?? 'SESSION_TYPE' };
}

/** SESSION_URI, or a setting that says the same for one kind of store. */
function urlIn(given: Given, schemes: Schemes): { url: string; setting: string } | undefined {
  const uri = given.get('SESSION_URI');
  const redis = given.get('SESSION_REDIS');
  if (uri !== undefined && !schemes.all.includes(schemeOf(uri))) {
    throw wrong('SESSION_URI', `is refused. A store URL begins with one of: ${schemes.all.join(':, ')}:`);
  }
  if (redis !== undefined) {
    if (!REDIS.schemes.includes(schemeOf(redis))) {
      throw wrong(
        'SESSION_REDIS',
        'must be a URL that begins with redis:// or rediss://; a client goes into the option store',
      );
    }
    if (uri !== undefined && uri !== redis) {
      throw wrong('SESSION_URI and SESSION_REDIS', 'name different stores. Leave one of them out');
    }
  }
  const memcached = memcachedIn(given);
  if (memcached !== undefined) {
    const other = uri !== undefined && uri !== memcached.url ? 'SESSION_URI' : redis && 'SESSION_REDIS';
    if (other) throw wrong(`${other} and ${memcached.setting}`, 'name different stores. Leave one of them out');
    if (uri === undefined) return memcached;
  }
  const dynamodb = dynamodbIn(given);
  if (dynamodb !== undefined) {
    const other = uri !== undefined ? 'SESSION_URI' : redis !== undefined ? 'SESSION_REDIS' : undefined;
    if (other !== undefined)
      throw wrong(`${other} and ${dynamodb.setting}`, 'both name a store. Leave one of them out');
    return dynamodb;
  }
  const file = fileIn(given, uri);
  if (file !== undefined) {
    if (redis !== undefined) {
      throw wrong(`SESSION_REDIS and ${file.setting}`, 'name different stores. Leave one of them out');
    }
    return file;
  }
  const mongodb = mongodbIn(given, uri);
  if (mongodb !== undefined) {
    if (redis !== undefined) {
      throw wrong(`SESSION_REDIS and ${mongodb.setting}`, 'name different stores. Leave one of them out');
    }
    return mongodb;
  }
  if (uri !== undefined) return { url: uri, setting: 'SESSION_URI' };
  return redis === undefined ? undefined : { url: redis, setting: 'SESSION_REDIS' };
}

function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '';
}
