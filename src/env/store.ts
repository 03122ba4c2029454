import type { Given } from './given.ts';
import { readWord, wrong } from './values.ts';

/** The store that the settings name. */
export interface StoreSaid {
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
const FILE: Type = { schemes: ['file'] };

/** The words of SESSION_TYPE. Those whose schemes are not there yet say so, and work as soon as they are. */
const TYPES: Readonly<Record<string, Type>> = {
  memory: { schemes: ['memory'], alone: 'memory:' },
  sqlite: { schemes: ['sqlite'] },
  redis: REDIS,
  // Trio is an event loop of Python; the store is the same.
  'redis+trio': REDIS,
  memcached: { schemes: ['memcached'], alone: 'memcached://127.0.0.1:11211' },
  mongodb: { schemes: ['mongodb', 'mongodb+srv'] },
  sqlalchemy: { schemes: ['sqlite', 'postgres', 'postgresql', 'mysql'] },
  postgresql: { schemes: ['postgres', 'postgresql'] },
  dynamodb: { schemes: ['dynamodb'] },
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
  return { url, prefix, settings: named?.setting ?? 'SESSION_TYPE' };
}

/** SESSION_URI, or SESSION_REDIS, which says the same for Redis alone. */
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
  if (uri !== undefined) return { url: uri, setting: 'SESSION_URI' };
  return redis === undefined ? undefined : { url: redis, setting: 'SESSION_REDIS' };
}

function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):/.exec(url)?.[1] ?? '';
}
