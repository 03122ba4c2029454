import { CoatcheckError } from '../errors.ts';

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

/** What a URL says. */
export interface RedisTarget {
  readonly mode: 'single' | 'cluster' | 'sentinel';
  readonly tls: boolean;
  /** The server, the cluster's first nodes, or the sentinels. */
  readonly hosts: readonly RedisHost[];
  /** What the sentinels call the primary. */
  readonly name: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const SHAPE =
  /^redis(?<s>s?)(?:\+(?<mode>cluster|sentinel))?:(?:\/\/)?(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]*)(?<path>\/[^?#]*)?$/;

/**
 * Reads `redis://user:password@host:6379/0`, `rediss://` (TLS), `redis+cluster://h1,h2` and
 * `redis+sentinel://h1,h2/name/0`. User and password are percent-decoded; all but the scheme may be left out, but for
 * the name of what the sentinels guard.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL: it may hold a password
 */
export function parseRedisUrl(url: string): RedisTarget {
  const { s, mode = 'single', login, hosts = '', path = '' } = SHAPE.exec(url)?.groups ?? invalidUrl(FORMS);
  const parts = path.split('/').slice(1).map(decoded);
  const name = mode === 'sentinel' ? (parts.shift() ?? '') : '';
  if (mode === 'sentinel' && name === '') {
    invalidUrl('redis+sentinel: wants the name of the primary, as in redis+sentinel://host1,host2/mymaster');
  }
  const [database = '', ...rest] = parts;
  if (rest.length > 0 || !/^\d{0,4}$/.test(database))
    invalidUrl('After the host comes the number of a database, as in /0');
  if (mode === 'cluster' && Number(database) !== 0) invalidUrl('A cluster has only the database 0');
  const defaultPort = mode === 'sentinel' ? 26379 : 6379;
  const servers = hosts.split(',').map((text) => parseHost(text, defaultPort));
  if (mode === 'single' && servers.length > 1) invalidUrl('Several hosts want redis+cluster: or redis+sentinel:');
  const colon = login?.indexOf(':') ?? -1;
  const user = colon < 0 ? login : login?.slice(0, colon);
  return {
    mode: mode as RedisTarget['mode'],
    tls: s === 's',
    hosts: servers,
    name,
    username: user ? decoded(user) : undefined,
    password: colon < 0 ? undefined : decoded(login?.slice(colon + 1) ?? '') || undefined,
    database: Number(database),
  };
}

const FORMS =
  'A Redis URL looks like redis://user:password@host:6379/0, rediss:// for TLS, redis+cluster://host1,host2 or redis+sentinel://host1,host2/name. Reserved characters of user and password are written as %XX';

function parseHost(text: string, defaultPort: number): RedisHost {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*))(?::(\d{1,5}))?$/.exec(text) ?? invalidUrl(FORMS);
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port < 1 || port > 65_535) invalidUrl('A port is a number from 1 to 65535');
  // Not localhost: that may be ::1 first, where a Redis that was only installed does not always listen.
  return { host: (match[1] ?? match[2]) || '127.0.0.1', port };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalidUrl(FORMS);
  }
}

function invalidUrl(message: string): never {
  throw new CoatcheckError('STORE_URL_INVALID', `Redis store: ${message}.`);
}
