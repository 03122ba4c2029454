import { CoatcheckError } from '../errors.ts';

/** What a URL says to the driver, and to us. */
export interface MongodbTarget {
  /** For the driver: without the words that are ours. */
  readonly url: string;
  /** What is named behind the question mark; the name behind the host is the driver's, which logs in there. */
  readonly database: string | undefined;
  readonly collection: string | undefined;
}

const SHAPE = /^(?<host>mongodb(?:\+srv)?:\/\/[^/?#]+)(?<path>\/[^/?#]*)?(?:\?(?<query>[^#]*))?$/;

/**
 * Reads `mongodb://user:password@host1,host2/database?replicaSet=name&collection=visitors`. All but `database` and
 * `collection` behind the question mark is the driver's.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL: it may hold a password
 */
export function parseMongodbUrl(url: string): MongodbTarget {
  const { host, path = '/', query = '' } = SHAPE.exec(url)?.groups ?? invalidUrl();
  const words = query.split('&').filter((word) => word !== '');
  const driver = words.filter((word) => !/^(database|collection)=/.test(word));
  return {
    url: `${host}${path}${driver.length > 0 ? `?${driver.join('&')}` : ''}`,
    database: wordIn(words, 'database'),
    collection: wordIn(words, 'collection'),
  };
}

/** How we set up a client, but for what the URL says. */
export function settingsBeside(url: string, ours: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const said = new Set(Array.from(url.matchAll(/[?&]([A-Za-z]+)=/g), ([, name = '']) => name.toLowerCase()));
  // Strings of Atlas say that writes are sent again, and nobody has chosen it.
  return Object.fromEntries(
    Object.entries(ours).filter(([name]) => name.startsWith('retry') || !said.has(name.toLowerCase())),
  );
}

function wordIn(words: readonly string[], name: string): string | undefined {
  const [word, ...others] = words.filter((one) => one.startsWith(`${name}=`));
  if (word === undefined) return undefined;
  if (others.some((other) => other !== word)) {
    throw new CoatcheckError(
      'STORE_URL_INVALID',
      `MongoDB store: the URL has two different \`${name}\`. Leave one out.`,
    );
  }
  try {
    return decodeURIComponent(word.slice(name.length + 1)) || undefined;
  } catch {
    return invalidUrl();
  }
}

function invalidUrl(): never {
  throw new CoatcheckError(
    'STORE_URL_INVALID',
    'MongoDB store: a URL looks like mongodb://user:password@host:27017/database, with ?collection=name behind it, or mongodb+srv://. Reserved characters of user and password are written as %XX.',
  );
}
