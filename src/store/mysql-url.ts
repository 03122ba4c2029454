import { CoatcheckError } from '../errors.ts';
import { MYSQL } from './mysql-errors.ts';

/** What a URL says. */
export interface MysqlTarget {
  readonly host: string;
  readonly port: number;
  /** A socket of this machine, instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: boolean;
}

const SHAPE =
  /^(?:mysql|mariadb)(?:\+[a-z]+)?:\/\/(?:(?<login>[^@/?#]*)@)?(?:\[(?<v6>[0-9a-fA-F:.]+)\]|(?<host>[^:[\]\s@/?#,]*))(?::(?<port>\d{1,5}))?\/(?<database>[^/?#]+)(?:\?(?<query>[^#]*))?$/;

/** How others write in a URL whether the connection is encrypted, and what it means here. */
const TLS: Readonly<Record<string, boolean>> = {
  disabled: false,
  required: true,
  verify_ca: true,
  verify_identity: true,
  true: true,
  '{"rejectUnauthorized":true}': true,
};

/**
 * Reads `mysql://user:password@host:3306/database`, where `mariadb://` and SQLAlchemy's `mysql+pymysql://` mean the same. User, password and database are
 * percent-decoded; user, password, host and port may be left out. `?ssl-mode=REQUIRED` encrypts, and verifies the
 * server's certificate and name; `?socket=/run/mysqld/mysqld.sock` takes a socket of this machine.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL: it may hold a password
 */
export function parseMysqlUrl(url: string): MysqlTarget {
  const { login, v6, host, port, database = '', query = '' } = SHAPE.exec(url)?.groups ?? invalidUrl(FORMS);
  const colon = login?.indexOf(':') ?? -1;
  const user = colon < 0 ? login : login?.slice(0, colon);
  const number = port === undefined ? 3306 : Number(port);
  if (number < 1 || number > 65_535) invalidUrl('A port is a number from 1 to 65535');
  return {
    // Not localhost: that may be ::1 first, where a server that was only installed does not always listen.
    host: (v6 ?? host) || '127.0.0.1',
    port: number,
    user: user ? decoded(user) : undefined,
    password: colon < 0 ? undefined : decoded(login?.slice(colon + 1) ?? '') || undefined,
    database: decoded(database),
    ...parseQuery(query),
  };
}

const FORMS =
  'A MySQL URL looks like mysql://user:password@host:3306/database, with ?ssl-mode=REQUIRED for TLS. Reserved characters of user and password are written as %XX';

function parseQuery(query: string): Pick<MysqlTarget, 'socketPath' | 'tls'> {
  let [socketPath, tls]: [string | undefined, boolean] = [undefined, false];
  for (const pair of query.split('&').filter((one) => one !== '')) {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at);
    const value = at < 0 ? '' : decoded(pair.slice(at + 1));
    if (name === 'socket' && value.startsWith('/')) socketPath = value;
    else if (name === 'ssl' || name === 'ssl-mode' || name === 'sslmode') tls = tlsFrom(value);
    // Documents travel as bytes, whatever the connection speaks.
    else if (name !== 'charset') {
      invalidUrl(
        'After the ? may stand ssl-mode=REQUIRED, ssl-mode=DISABLED or socket=/path. Say the rest to a `pool` of yours',
      );
    }
  }
  return { socketPath, tls };
}

function tlsFrom(value: string): boolean {
  const tls = TLS[value] ?? TLS[value.toLowerCase()];
  if (tls !== undefined) return tls;
  return invalidUrl('ssl-mode is REQUIRED or DISABLED; with REQUIRED the certificate is always verified');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalidUrl(FORMS);
  }
}

function invalidUrl(message: string): never {
  throw new CoatcheckError('STORE_URL_INVALID', `${MYSQL} store: ${message}.`);
}
