/*
 * The layout, command by command. One item a record: prefix + key, a value that begins with a header of 19 bytes
 * (memcached-value.ts has it to the byte), with a TTL a minute longer than the record's life. Of several servers one
 * has the key, by consistent hashing (memcached-ring.ts). The version is the number that memcached gives to each write
 * (its CAS), behind the name of the server's run: the numbers begin anew when the server does.
 *
 *   read       mg key v c
 *   readMany   mg key v c, each; in one write. Of one server only
 *   create     ms key bytes Tttl ME c               where it is taken: mg key v c
 *   update     ms key bytes Tttl Cnumber c          where another number stands there: mg key v c
 *   touch      mg key v c, then ms key bytes Tttl Cnumber: the end of a life stands in the value
 *   put        ms key bytes Tttl
 *   destroy    md key
 *
 * Each command carries a number of its own (O), which its answer repeats. A connection begins with `set auth` where
 * there is a login, `version`, `stats` and `stats settings`.
 *
 * The client is ours, for none that is kept gives what a store needs. The `cas` of memcache-client and of memcached does
 * not tell the number of the write that it did, so that each update had to be read again; memcache-client takes several
 * servers for copies of one another and asks any of them, and memcached hangs for seconds while one is down. memjs has no
 * compare and set; memcache gives no number at all, and takes text only.
 */
import { CoatcheckError } from '../errors.ts';
import { checkOptionNames, STORE_HABITS } from '../option-names.ts';
import type { Store } from './contract.ts';
import { Connection } from './memcached-connection.ts';
import { offline, type Trouble } from './memcached-errors.ts';
import { Ring } from './memcached-ring.ts';
import { MemcachedStore, mostBytes } from './memcached-store.ts';
import { type Login, type MemcachedServer, parseMemcachedUrl, parseServers } from './memcached-url.ts';

/** Exactly one of `url` and `servers`. */
export interface MemcachedStoreOptions {
  /** `memcached://user:password@host1:11211,host2`. Never one that came with a request. */
  readonly url?: string;
  /**
   * `['host1:11211', 'host2']`: each `host`, `host:port` or `[::1]:port`, without a port 11211. Every process must name
   * the same servers by the same names, in any order.
   */
  readonly servers?: readonly string[];
  /** With `servers`: who we are, where memcached runs with an auth file (-Y). */
  readonly username?: string;
  readonly password?: string;
  /** Before every key. Default `coatcheck:`. 1 to 100 printable characters of ASCII, no blanks. */
  readonly prefix?: string;
}

const OPTIONS = ['url', 'servers', 'username', 'password', 'prefix'];

const OWN_CLIENT =
  "coatcheck speaks to memcached itself, for no client gives what it needs: write servers: ['127.0.0.1:11211']";

/** Of connect-memcached, connect-memjs and the drivers. */
const HABITS: Readonly<Record<string, string>> = {
  ...STORE_HABITS,
  client: OWN_CLIENT,
  memcached: OWN_CLIENT,
  hosts: "The servers are called servers: ['127.0.0.1:11211']",
  server: "The servers are called servers: ['127.0.0.1:11211']",
  host: "A server is written as one text: servers: ['127.0.0.1:11211']",
  port: "A server is written as one text: servers: ['127.0.0.1:11211']",
  user: 'The user is called username, with password beside it',
  keyPrefix: 'The text in front of every key is called prefix',
  secret: 'Documents are not encrypted: a leaked store logs nobody in, for it holds only hashes of ids',
  algorithm: 'Documents are not encrypted: a leaked store logs nobody in, for it holds only hashes of ids',
  expires: STORE_HABITS.ttl as string,
  timeout: 'How long a request waits for its store is said to createSessions: deadline',
  retries: 'The core makes calls again within its deadline. Leave retries out',
  failover: 'A server that is down keeps its sessions, as errors: another one might bring ended ones back',
  remove: 'A server that is down keeps its sessions, as errors: another one might bring ended ones back',
  tls: 'TLS is not supported: use a network of your own',
};

/**
 * Keeps records in memcached 1.6.12 or newer, one server or several. Compare-and-set is memcached's own, on one key and
 * exact for everybody. memcached forgets: a restart, and a server that is full, log visitors out, and it keeps no owners.
 *
 * A call never waits for a connection: while there is none it fails with `STORE_FAILED`, `outcome: 'none'`, and
 * `retryable: true` for the first second. A server that is away comes back by itself.
 *
 * It is a promise because a server that is not there should end the start and not the first request. Of several one is
 * enough; the sessions of the others are errors until they are there.
 *
 * @throws CoatcheckError `OPTION_INVALID`, `OPTION_UNKNOWN`, `STORE_URL_INVALID`, or `STORE_FAILED` where memcached does
 *   not answer, does not let us in, is too old or runs with -C
 *
 * @example
 * const sessions = createSessions({ store: await openMemcached({ url: 'memcached://127.0.0.1:11211' }) });
 * @example
 * const sessions = createSessions({ store: await openMemcached({ servers: ['10.0.0.1', '10.0.0.2'] }) });
 */
export async function openMemcached(options: MemcachedStoreOptions): Promise<Store> {
  checkOptionNames(options, {
    whose: 'memcached store: ',
    names: OPTIONS,
    habits: HABITS,
    example: "openMemcached({ url: 'memcached://127.0.0.1:11211' })",
  });
  const { prefix = 'coatcheck:' } = options;
  const { servers, login } = checkOptions(options, prefix);
  const connections = servers.map((server) => new Connection(server, login));
  try {
    await greetAll(connections);
  } catch (error) {
    for (const connection of connections) connection.close();
    throw error;
  }
  const ring = servers.length > 1 ? new Ring(servers.map(({ name }) => name)) : undefined;
  const limits = connections.filter(({ ready }) => ready).map(({ limit }) => limit);
  return new MemcachedStore(connections, ring, prefix, mostBytes(Math.min(...limits)));
}

/** Waits until each server has answered or failed; one that is down for the moment is no reason not to start. */
async function greetAll(connections: readonly Connection[]): Promise<void> {
  const greeted = await Promise.allSettled(connections.map((connection) => connection.open()));
  const failed = greeted.flatMap((one, at) => {
    if (one.status === 'fulfilled') return [];
    return [{ trouble: one.reason as Trouble, name: connections[at]?.server.name ?? '' }];
  });
  const worst =
    failed.find(({ trouble }) => trouble.final) ?? (failed.length === greeted.length ? failed[0] : undefined);
  if (worst !== undefined) throw offline('opening', worst.name, worst.trouble, worst.trouble.final !== true);
}

function checkOptions(
  { url, servers, username, password }: MemcachedStoreOptions,
  prefix: unknown,
): { servers: readonly MemcachedServer[]; login: Login | undefined } {
  if ((url === undefined) === (servers === undefined)) invalid('give either `url` or `servers`');
  if (typeof prefix !== 'string' || !/^[!-~]{1,100}$/.test(prefix)) {
    invalid('`prefix` must have 1 to 100 printable characters of ASCII, and no blanks');
  }
  if (url !== undefined) {
    if (typeof url !== 'string') invalid('`url` must be text');
    if (username !== undefined || password !== undefined) invalid('user and password stand in `url`');
    const target = parseMemcachedUrl(url);
    return { servers: target.servers, login: checkLogin(target.login) };
  }
  if (
    !Array.isArray(servers) ||
    servers.length === 0 ||
    !servers.every((one) => typeof one === 'string' && one !== '')
  ) {
    invalid("`servers` must be a list of texts, such as ['127.0.0.1:11211']");
  }
  if ((username === undefined) !== (password === undefined)) invalid('`username` and `password` belong together');
  const login = username === undefined || password === undefined ? undefined : { username, password };
  return { servers: parseServers(servers as readonly string[], invalid), login: checkLogin(login) };
}

/** memcached reads them from one value, with a blank in between. */
function checkLogin(login: Login | undefined): Login | undefined {
  if (login === undefined) return undefined;
  const { username, password } = login;
  const fits = (text: unknown): boolean => typeof text === 'string' && /^[^\s\0]+$/.test(text);
  if (!fits(username) || !fits(password)) invalid('user and password must be texts without blanks');
  return login;
}

function invalid(what: string): never {
  throw new CoatcheckError('OPTION_INVALID', `memcached store: ${what.replace(/\.$/, '')}.`);
}
