import { CoatcheckError } from '../errors.ts';

export interface MemcachedServer {
  readonly host: string;
  readonly port: number;
  /** `host:port`: its place on the ring, and its name in errors. */
  readonly name: string;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

const SHAPE = /^memcached:(?:\/\/)?(?:(?<login>[^@/?#]*)@)?(?<hosts>[^@/?#]*)\/?$/;

const FORMS =
  'A memcached URL looks like memcached://user:password@host1:11211,host2. Reserved characters of user and password are written as %XX';

/**
 * Reads `memcached://user:password@host1:11211,host2`. User and password are percent-decoded; all but the scheme may be
 * left out.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL: it may hold a password
 */
export function parseMemcachedUrl(url: string): { servers: MemcachedServer[]; login: Login | undefined } {
  const { login, hosts = '' } = SHAPE.exec(url)?.groups ?? invalidUrl(FORMS);
  return { servers: parseServers(hosts.split(','), invalidUrl), login: login ? parseLogin(login) : undefined };
}

/** Reads `host:port`, `host` or `[::1]:port`, each; what is wrong goes to `invalid`. */
export function parseServers(texts: readonly string[], invalid: (message: string) => never): MemcachedServer[] {
  const servers = texts.map((text) => parseServer(text, invalid));
  // On the ring it would stand at one place all the same, and be asked over two connections.
  if (new Set(servers.map(({ name }) => name)).size < servers.length) invalid('A server is named twice');
  return servers;
}

function parseServer(text: string, invalid: (message: string) => never): MemcachedServer {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]\s]*))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return invalid('A server is written as host, host:port or [::1]:port');
  const port = match[3] === undefined ? 11211 : Number(match[3]);
  if (port < 1 || port > 65_535) invalid('A port is a number from 1 to 65535');
  // Not localhost: that may be ::1 first, where a memcached that was only installed does not listen.
  const host = (match[1] ?? match[2])?.toLowerCase() || '127.0.0.1';
  return { host, port, name: `${host.includes(':') ? `[${host}]` : host}:${port}` };
}

function parseLogin(text: string): Login {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) invalidUrl('User and password belong together, as in user:password@host');
  return { username: decoded(text.slice(0, colon)), password: decoded(text.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalidUrl(FORMS);
  }
}

function invalidUrl(message: string): never {
  throw new CoatcheckError('STORE_URL_INVALID', `memcached store: ${message}.`);
}
