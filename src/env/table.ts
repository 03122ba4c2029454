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
  taken(
    'SESSION_TYPE',
    BOTH,
    'store',
    '`cookie`, `memory` or the word of a store, also as Python spells it: the table above',
  ),
  taken('SESSION_URI', QUART_SESSION, 'store', 'a store URL'),
  taken('SESSION_REDIS', BOTH, 'store', 'a URL that begins with `redis:` or `rediss:`'),
  taken(
    'SESSION_MEMCACHED',
    BOTH,
    'store',
    'a URL that begins with `memcached:`, as `memcached://host1:11211,host2`; not a client',
  ),
  taken('SESSION_MEMCACHED_HOST', QUART_SESSION, 'store', 'the one server of memcached, with `SESSION_MEMCACHED_PORT`'),
  taken('SESSION_MEMCACHED_PORT', QUART_SESSION, 'store', 'its port, 11211 where it is not set'),
  taken('SESSION_KEY_PREFIX', BOTH, 'store', 'its `prefix`, in front of every key; Redis and memcached have such'),
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
  taken('SESSION_FILE_DIR', BOTH, 'store', 'a folder of coatcheck’s own, `./sessions` if it is not set'),
  refused(
    'SESSION_FILE_THRESHOLD',
    BOTH,
    'a session that pushes out another one logs somebody out; expired ones are removed: the option `sweep`',
  ),
  fixed('SESSION_FILE_MODE', BOTH, 384, 'files are for their owner only, mode 0600, which is 384 in decimal'),
  refused(
    'SESSION_CACHELIB',
    FLASK_SESSION,
    'a cache cannot stand in an environment; write `SESSION_FILE_DIR` or `SESSION_URI`',
  ),
  taken('SESSION_MONGODB', FLASK_SESSION, 'store', 'a URL that begins with `mongodb:` or `mongodb+srv:`; not a client'),
  taken('SESSION_MONGODB_URI', QUART_SESSION, 'store', 'the same'),
  taken(
    'SESSION_MONGODB_DB',
    FLASK_SESSION,
    'store',
    'the database; else the one that the URL names. `?database=` there may not say another',
  ),
  taken('SESSION_MONGODB_COLLECT', FLASK_SESSION, 'store', 'the collection, `coatcheck_sessions` if it is not set'),
  taken('SESSION_MONGODB_COLLECTION', QUART_SESSION, 'store', 'the same'),
  refused(
    'SESSION_MONGODB_CLIENT_KWARGS',
    QUART_SESSION,
    'what the client is told stands in the URL, as in `?replicaSet=name`; all else is a client of your own in the option `store`',
  ),
  refused('SESSION_MONGODB_SET_CALLBACK', QUART_SESSION, 'code cannot stand in an environment; leave it out'),
  refused('SESSION_SQLALCHEMY', FLASK_SESSION, 'an engine cannot stand in an environment; write `SESSION_URI`'),
  taken('SESSION_SQLALCHEMY_TABLE', FLASK_SESSION, 'store', 'its `table`; SQLite, PostgreSQL and MySQL have such'),
  taken('SESSION_SQLALCHEMY_SCHEMA', FLASK_SESSION, 'store', 'its `schema`; PostgreSQL has such'),
  refused('SESSION_SQLALCHEMY_SEQUENCE', FLASK_SESSION, 'rows are not numbered; leave it out'),
  refused('SESSION_SQLALCHEMY_BIND_KEY', FLASK_SESSION, 'there is one database; write `SESSION_URI`'),
  refused('SESSION_POSTGRESQL', FLASK_SESSION, 'a pool cannot stand in an environment; write `SESSION_URI`'),
  taken('SESSION_POSTGRESQL_TABLE', FLASK_SESSION, 'store', 'its `table`, with a `postgresql:` URL'),
  taken('SESSION_POSTGRESQL_SCHEMA', FLASK_SESSION, 'store', 'its `schema`, with a `postgresql:` URL'),
  refused(
    'SESSION_DYNAMODB',
    FLASK_SESSION,
    'a resource cannot stand in an environment; write `SESSION_DYNAMODB_TABLE` and `SESSION_DYNAMODB_REGION`, or `SESSION_URI`',
  ),
  taken('SESSION_DYNAMODB_TABLE', FLASK_SESSION, 'store', 'the table, `coatcheck_sessions` if it is not set'),
  taken('SESSION_DYNAMODB_REGION', FLASK_SESSION, 'store', 'a region, such as `eu-west-1`'),
  taken('SESSION_DYNAMODB_ENDPOINT_URL', FLASK_SESSION, 'store', 'the URL of a server that is not of AWS'),
  taken('SESSION_DYNAMODB_KEY_ID', FLASK_SESSION, 'store', 'an access key; else as the AWS SDK finds it'),
  taken('SESSION_DYNAMODB_SECRET', FLASK_SESSION, 'store', 'its secret'),
  refused('SESSION_DYNAMODB_TABLE_NAME', FLASK_SESSION, 'Flask-Session reads `SESSION_DYNAMODB_TABLE`; write that'),
  fixed(
    'SESSION_DYNAMODB_TABLE_EXISTS',
    FLASK_SESSION,
    true,
    'the table is made by createTable() of `coatcheck/store/dynamodb`, or with the rest of your infrastructure',
  ),

  // What protects in Python and would not here.
  ...['NAME', 'DURATION', 'DOMAIN', 'PATH', 'SECURE', 'HTTPONLY', 'SAMESITE', 'REFRESH_EACH_REQUEST'].map((end) =>
    refused(`REMEMBER_COOKIE_${end}`, LOGIN, 'say it in createLogin: `remember: { duration, cookie }`'),
  ),
  refused('USE_SESSION_FOR_NEXT', LOGIN, '`next` stands in the URL of the login page, and safeNext checks it'),
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
  ].map((end) => refused(`WTF_CSRF_${end}`, WTF, 'say it in createCsrf, which guards the routes behind it')),

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
