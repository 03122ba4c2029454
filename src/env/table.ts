/** A setting of the environment, and what becomes of it. */
export interface Setting {
  readonly name: string;
  /** Who knows it. */
  readonly of: string;
  readonly fate: Fate;
}

/**
 * What becomes of a setting: it is taken into an option, it may only say what is so anyway, it is refused with what to
 * write instead, or it says nothing about sessions.
 */
export type Fate =
  | { readonly into: string; readonly takes: string }
  | { readonly always: boolean | number; readonly otherwise: string }
  | { readonly refused: string }
  | { readonly ignored: string };

const FLASK = 'Flask';
const FLASK_SESSION = 'Flask-Session';
const QUART_SESSION = 'Quart-Session';
const BOTH = 'Flask-Session, Quart-Session';
const LOGIN = 'Flask-Login';
const WTF = 'Flask-WTF';
const OURS = 'coatcheck';

const SWITCH = '`true` or `false`';

/**
 * Every setting that Flask, Flask-Session and Quart-Session know, those of Flask-Login and Flask-WTF by which somebody
 * would believe to be protected, and our own. docs/settings.md holds the same table.
 */
export const SETTINGS: readonly Setting[] = [
  // The store.
  taken('SESSION_TYPE', BOTH, 'store', '`redis`, `memory`, `sqlite`, `cookie`, and the words of Python for stores'),
  taken('SESSION_URI', QUART_SESSION, 'store', 'a store URL'),
  taken('SESSION_REDIS', BOTH, 'store', 'a URL that begins with `redis:` or `rediss:`'),
  taken('SESSION_KEY_PREFIX', BOTH, 'store', 'its `prefix`, in front of every key; Redis has such'),
  taken('SESSION_REVOCATION', OURS, 'revocation', '`none`, `denylist` or `epoch`; required with `SESSION_TYPE=cookie`'),

  // Secrets.
  taken('SECRET_KEY', FLASK, 'secret', 'text of at least 32 bytes, used as given'),
  taken('SECRET_KEY_FALLBACKS', FLASK, 'secret', 'one older secret, or a JSON list: they read and never write'),
  taken('SESSION_USE_SIGNER', BOTH, 'tickets', '`true`: signed tickets, which need `SECRET_KEY`; `false`: plain'),

  // The cookie.
  taken('SESSION_COOKIE_NAME', FLASK, 'cookie.name', 'a name; Flask’s `session` is `__Host-session` here'),
  taken('SESSION_COOKIE_DOMAIN', FLASK, 'cookie.domain', 'a host name'),
  taken('SESSION_COOKIE_PATH', FLASK, 'cookie.path', 'a path'),
  taken('APPLICATION_ROOT', FLASK, 'cookie.path', 'a path, where `SESSION_COOKIE_PATH` is not set'),
  taken('SESSION_COOKIE_SECURE', FLASK, 'cookie.secure', `${SWITCH}; \`false\` is refused in production`),
  taken('SESSION_COOKIE_SAMESITE', FLASK, 'cookie.sameSite', '`Lax`, `Strict` or `None`'),
  taken('SESSION_COOKIE_PARTITIONED', FLASK, 'cookie.partitioned', SWITCH),
  fixed('SESSION_COOKIE_HTTPONLY', FLASK, true, 'the cookie is always HttpOnly'),
  refused('MAX_COOKIE_SIZE', FLASK, 'browsers keep 4096 octets, and a sealed session of more than 3800 is an error'),
  ignored(
    'SERVER_NAME',
    FLASK,
    'as in Flask since 2.3 it is no domain for the cookie: that is `SESSION_COOKIE_DOMAIN`',
  ),

  // Lifetime.
  taken(
    'PERMANENT_SESSION_LIFETIME',
    FLASK,
    'lifetime.permanent.idle',
    'whole seconds, or a duration such as `31d`, of 400 days at most',
  ),
  fixed(
    'SESSION_PERMANENT',
    BOTH,
    false,
    'a session becomes permanent when the application says so: write `session.permanent = true` where a visitor asks to stay',
  ),
  fixed(
    'SESSION_REFRESH_EACH_REQUEST',
    FLASK,
    true,
    'use always extends a session up to its idle time; an end that use does not move is the option `lifetime.permanent.absolute`',
  ),

  // Who may use a session, and where there is one.
  taken(
    'SESSION_PROTECTION',
    'Quart-Session, Flask-Login',
    'bind',
    "`true`: another address ends the session; `false` or `none`; `basic` and `strong` are Flask-Login's, and come with createLogin",
  ),
  taken(
    'SESSION_REVERSE_PROXY',
    QUART_SESSION,
    'trustProxy',
    '`true`: one trusted hop; a number of hops; or addresses and CIDRs, with commas between them; `false`',
  ),
  taken('SESSION_STATIC_FILE', QUART_SESSION, 'staticFiles', `${SWITCH}: sessions on static paths too`),
  refused('SESSION_HIJACK_PROTECTION', QUART_SESSION, 'the name before 1.0; write `SESSION_PROTECTION`'),
  refused('SESSION_HIJACK_REVERSE_PROXY', QUART_SESSION, 'the name before 1.0; write `SESSION_REVERSE_PROXY`'),
  refused('SESSION_EXPLICIT', QUART_SESSION, 'Quart-Session never looks at it; leave it out'),

  // Ids, documents, housekeeping.
  fixed('SESSION_ID_LENGTH', FLASK_SESSION, 32, 'an id has 32 random bytes'),
  refused('SESSION_KEY_LENGTH', FLASK_SESSION, 'an id has 32 random bytes; leave it out'),
  refused(
    'SESSION_SERIALIZATION_FORMAT',
    FLASK_SESSION,
    'documents are tagged JSON, which is neither of its two formats; another one is the option `codec`',
  ),
  refused(
    'SESSION_CLEANUP_N_REQUESTS',
    FLASK_SESSION,
    'expired records are removed by time and not by chance: the option `sweep`, every 10 minutes by default',
  ),

  // Stores that are configured otherwise, or are not here.
  ...absent('memcached', QUART_SESSION, ['SESSION_MEMCACHED_HOST', 'SESSION_MEMCACHED_PORT']),
  ...absent('memcached', BOTH, ['SESSION_MEMCACHED']),
  ...absent('file', BOTH, ['SESSION_FILE_DIR', 'SESSION_FILE_THRESHOLD', 'SESSION_FILE_MODE']),
  ...absent('file', FLASK_SESSION, ['SESSION_CACHELIB']),
  ...absent('MongoDB', FLASK_SESSION, ['SESSION_MONGODB', 'SESSION_MONGODB_DB', 'SESSION_MONGODB_COLLECT']),
  ...absent('MongoDB', QUART_SESSION, [
    'SESSION_MONGODB_URI',
    'SESSION_MONGODB_COLLECTION',
    'SESSION_MONGODB_CLIENT_KWARGS',
    'SESSION_MONGODB_SET_CALLBACK',
  ]),
  refused('SESSION_SQLALCHEMY', FLASK_SESSION, 'an engine cannot stand in an environment; write `SESSION_URI`'),
  ...['_TABLE', '_SEQUENCE', '_SCHEMA', '_BIND_KEY'].map((end) =>
    refused(
      `SESSION_SQLALCHEMY${end}`,
      FLASK_SESSION,
      'a table is named in code: the option `store`, such as openSqlite({ database, table })',
    ),
  ),
  ...absent('PostgreSQL', FLASK_SESSION, [
    'SESSION_POSTGRESQL',
    'SESSION_POSTGRESQL_TABLE',
    'SESSION_POSTGRESQL_SCHEMA',
  ]),
  ...absent('DynamoDB', FLASK_SESSION, [
    'SESSION_DYNAMODB',
    'SESSION_DYNAMODB_TABLE',
    'SESSION_DYNAMODB_TABLE_NAME',
    'SESSION_DYNAMODB_TABLE_EXISTS',
  ]),

  // What protects in Python and would not here.
  ...['NAME', 'DURATION', 'DOMAIN', 'PATH', 'SECURE', 'HTTPONLY', 'SAMESITE', 'REFRESH_EACH_REQUEST'].map((end) =>
    refused(`REMEMBER_COOKIE_${end}`, LOGIN, 'this version has no login and so no remember-me cookie'),
  ),
  refused('USE_SESSION_FOR_NEXT', LOGIN, 'this version has no login'),
  ...[
    'ENABLED',
    'CHECK_DEFAULT',
    'METHODS',
    'FIELD_NAME',
    'HEADERS',
    'TIME_LIMIT',
    'SSL_STRICT',
    'META_NAME',
    'SECRET_KEY',
  ].map((end) => refused(`WTF_CSRF_${end}`, WTF, 'this version has no CSRF protection')),

  ignored('SESSION_MANAGER', 'X11 desktops', 'it is set on them and has nothing to do with the web'),
];

function taken(name: string, of: string, into: string, takes: string): Setting {
  return { name, of, fate: { into, takes } };
}

function fixed(name: string, of: string, always: boolean | number, otherwise: string): Setting {
  return { name, of, fate: { always, otherwise } };
}

function refused(name: string, of: string, reason: string): Setting {
  return { name, of, fate: { refused: reason } };
}

function ignored(name: string, of: string, reason: string): Setting {
  return { name, of, fate: { ignored: reason } };
}

function absent(store: string, of: string, names: readonly string[]): Setting[] {
  return names.map((name) =>
    refused(name, of, `this version has no ${store} store; choose another by \`SESSION_URI\``),
  );
}
