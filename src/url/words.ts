import { CoatcheckError } from '../errors.ts';

/**
 * How an option of a store is said in the query of its URL: as text, as a whole number, as `true` or `false`; `'itself'`:
 * the store reads it there; or not at all, and why.
 */
export type Word = 'text' | 'number' | 'switch' | 'itself' | { readonly not: string };

const CLIENT: Word = { not: 'A client of yours is handed to the store in code' };
const POOL: Word = { not: 'A pool of yours is handed to the store in code' };
const URL_ITSELF: Word = { not: 'It is the URL in which this stands' };

/** Every option of every store. Those of one store alone stand in its own file. */
export const URL_WORDS: Readonly<Record<string, Readonly<Record<string, Word>>>> = {
  memory: {
    maxEntries: 'number',
    maxBytes: 'number',
    onEvict: { not: 'Code is handed to the store in code' },
  },
  sqlite: { database: { not: 'The file stands behind sqlite:' }, table: 'text' },
  file: { folder: { not: 'The folder stands behind file:' }, fsync: 'switch' },
  redis: {
    client: CLIENT,
    url: URL_ITSELF,
    driver: 'text',
    tls: { not: 'TLS is rediss:, and NODE_EXTRA_CA_CERTS a CA of your own; other certificates are said in code' },
    prefix: 'text',
    durable: { not: 'What waits for replicas is said in code: durable: { replicas: 1, timeout: "1s" }' },
  },
  memcached: {
    url: URL_ITSELF,
    servers: { not: 'The servers stand behind memcached://, as in memcached://host1:11211,host2' },
    username: { not: 'The user stands before the servers, as in memcached://user:password@host' },
    password: { not: 'The password stands before the servers, as in memcached://user:password@host' },
    prefix: 'text',
  },
  mongodb: { client: CLIENT, url: URL_ITSELF, database: 'itself', collection: 'itself', timeout: 'text' },
  mysql: {
    pool: POOL,
    url: URL_ITSELF,
    tls: {
      not: 'TLS is ssl-mode=REQUIRED, and NODE_EXTRA_CA_CERTS a CA of your own; other certificates are said in code',
    },
    table: 'text',
    database: 'text',
    createTable: 'text',
  },
  postgres: { pool: POOL, url: URL_ITSELF, table: 'text', schema: 'text', createTable: 'text' },
  datastore: {
    client: CLIENT,
    url: URL_ITSELF,
    project: { not: 'The project stands behind datastore://, as in datastore://project/kind' },
    database: 'itself',
    endpoint: 'itself',
    namespace: 'itself',
    kind: { not: 'The kind stands behind the project, as in datastore://project/kind' },
  },
  dynamodb: {
    client: CLIENT,
    url: URL_ITSELF,
    region: { not: 'The region stands behind dynamodb://, as in dynamodb://eu-west-1/table' },
    endpoint: 'itself',
    credentials: { not: 'Key and secret stand before the region, as in dynamodb://key:secret@eu-west-1/table' },
    table: { not: 'The table stands behind the region, as in dynamodb://eu-west-1/table' },
  },
};

/** Stores that read nothing in a query by themselves, and whose drivers do not either. */
const STRICT = ['memory', 'sqlite', 'file', 'redis', 'memcached'];

/** What a URL says to the store's opener, and the URL without it. */
export interface UrlSaid {
  readonly url: string;
  readonly options: Readonly<Record<string, string | number | boolean>>;
}

/** The store that a scheme opens: `rediss+cluster` is `redis`. */
export function storeOf(scheme: string): string {
  const [name = ''] = scheme.split('+');
  return { rediss: 'redis', mariadb: 'mysql', postgresql: 'postgres' }[name] ?? name;
}

/**
 * Takes the options out of a URL's query.
 *
 * @throws CoatcheckError `STORE_URL_INVALID` for an option that a URL cannot say, with where it is said, or that is said
 *   twice or wrongly; never with what stands in the URL, which may hold a password
 */
export function urlSaid(url: string, store: string): UrlSaid {
  const at = url.indexOf('?');
  const words = URL_WORDS[store] ?? {};
  if (at < 0) return { url, options: {} };
  const options: Record<string, string | number | boolean> = {};
  const rest: string[] = [];
  for (const pair of url.slice(at + 1).split('&')) {
    const [name = '', text = ''] = split(pair);
    const word = Object.hasOwn(words, name) ? words[name] : undefined;
    if (word === undefined || word === 'itself') {
      if (pair !== '' && STRICT.includes(store)) throw unknown(store);
      rest.push(pair);
      continue;
    }
    if (typeof word === 'object') throw invalid(store, `${name} is not said behind the ?. ${word.not}`);
    if (Object.hasOwn(options, name)) throw invalid(store, `${name} is said twice. Leave one out`);
    options[name] = readWord(store, name, text, word);
  }
  return { url: `${url.slice(0, at)}${rest.length > 0 ? `?${rest.join('&')}` : ''}`, options };
}

function split(pair: string): [name: string, text: string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function readWord(store: string, name: string, coded: string, word: 'text' | 'number' | 'switch') {
  const text = decoded(store, name, coded);
  if (text === '') throw invalid(store, `${name} says nothing. Write ${name}=value, or leave it out`);
  switch (word) {
    case 'text':
      return text;
    case 'number':
      if (/^\d{1,15}$/.test(text)) return Number(text);
      throw invalid(store, `${name} is a whole number`);
    case 'switch':
      if (text === 'true' || text === 'false') return text === 'true';
      throw invalid(store, `${name} is true or false`);
  }
}

function decoded(store: string, name: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(store, `${name} has a % in it that stands for nothing. Write %25`);
  }
}

function unknown(store: string): CoatcheckError {
  const sayable = Object.entries(URL_WORDS[store] ?? {}).filter(([, word]) => typeof word === 'string');
  return invalid(store, `behind the ? may stand ${sayable.map(([name]) => `${name}=`).join(', ')} and nothing else`);
}

function invalid(store: string, what: string): CoatcheckError {
  return new CoatcheckError('STORE_URL_INVALID', `The URL of the ${store} store: ${what}.`);
}
