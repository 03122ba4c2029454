import { describe, expect, test } from 'vitest';
import { SETTINGS } from '../../src/env/table.ts';
import { failureOf, KEY, OLD_KEY, saidBy } from './said.ts';

/** A text for the setting, and the options that it becomes; or what the refusal says. With it, what it needs beside it. */
type Row = readonly [name: string, text: string, outcome: object | RegExp, beside?: Record<string, string>];

const REDIS = 'redis://127.0.0.1:6379';
const POSTGRES = 'postgresql://app:secret@db/app';
const MYSQL = 'mysql+pymysql://app:secret@db/app';
const MEMCACHED = 'memcached://a:11212,b';
const MONGODB = 'mongodb://a';
const NO_LOGIN = /createLogin|safeNext/;
const NO_CSRF = /createCsrf/;

const ROWS: readonly Row[] = [
  ['SESSION_TYPE', 'redis', { store: REDIS }],
  ['SESSION_TYPE', 'Redis', { store: REDIS }],
  ['SESSION_TYPE', 'redis+trio', { store: REDIS }],
  ['SESSION_TYPE', 'memory', { store: 'memory:' }],
  ['SESSION_TYPE', 'cookie', { kind: 'cookie' }],
  ['SESSION_TYPE', 'sqlite', { store: 'sqlite:./s.db' }, { SESSION_URI: 'sqlite:./s.db' }],
  ['SESSION_TYPE', 'sqlalchemy', { store: 'sqlite:./s.db' }, { SESSION_URI: 'sqlite:./s.db' }],
  ['SESSION_TYPE', 'redis', { store: 'rediss://a:6380/1' }, { SESSION_URI: 'rediss://a:6380/1' }],
  ['SESSION_TYPE', 'sqlite', /SESSION_TYPE needs SESSION_URI beside it, such as sqlite:\.\/sessions\.db/],
  ['SESSION_TYPE', 'sqlalchemy', /needs SESSION_URI/],
  ['SESSION_TYPE', 'null', /null, which stores nothing: write redis, sqlite or cookie, or memory/],
  ['SESSION_TYPE', 'None', /must be one of: .*redis/],
  ['SESSION_TYPE', 'memcached', { store: 'memcached://127.0.0.1:11211' }],
  ['SESSION_TYPE', 'mongodb', { store: 'mongodb://127.0.0.1:27017' }],
  ['SESSION_TYPE', 'postgresql', { store: POSTGRES }, { SESSION_URI: POSTGRES }],
  ['SESSION_TYPE', 'sqlalchemy', { store: POSTGRES }, { SESSION_URI: POSTGRES }],
  ['SESSION_TYPE', 'sqlalchemy', { store: MYSQL }, { SESSION_URI: MYSQL }],
  ['SESSION_SQLALCHEMY_TABLE', 'shop', { store: MYSQL, table: 'shop' }, { SESSION_URI: MYSQL }],
  ['SESSION_TYPE', 'postgresql', /needs SESSION_URI/],
  ['SESSION_TYPE', 'dynamodb', { store: 'dynamodb:' }],
  ['SESSION_TYPE', 'datastore', { store: 'datastore:' }],
  ['SESSION_TYPE', 'datastore', { store: 'datastore://shop' }, { SESSION_URI: 'datastore://shop' }],
  ['SESSION_TYPE', 'filesystem', { store: 'file:./sessions' }],
  ['SESSION_TYPE', 'cachelib', { store: 'file:./sessions' }],
  ['SESSION_TYPE', 'redis', /SESSION_TYPE and SESSION_URI name different stores/, { SESSION_URI: 'memory:' }],
  ['SESSION_TYPE', 'memory', /SESSION_TYPE and SESSION_REDIS name different stores/, { SESSION_REDIS: REDIS }],
  ['SESSION_URI', 'sqlite:./s.db', { store: 'sqlite:./s.db' }],
  ['SESSION_URI', 'nowhere:', /A store URL begins with one of: memory:, sqlite:, redis:, rediss:/],
  ['SESSION_URI', './sessions.db', /A store URL begins with/],
  ['SESSION_REDIS', 'redis://cache:6379/2', { store: 'redis://cache:6379/2' }],
  ['SESSION_REDIS', REDIS, { store: REDIS }, { SESSION_URI: REDIS, SESSION_TYPE: 'redis' }],
  ['SESSION_REDIS', REDIS, /SESSION_URI and SESSION_REDIS name different stores/, { SESSION_URI: 'memory:' }],
  ['SESSION_REDIS', 'Redis<ConnectionPool>', /redis:\/\/ or rediss:\/\/; a client goes into the option store/],
  ['SESSION_KEY_PREFIX', 'shop:', { store: REDIS, prefix: 'shop:' }, { SESSION_TYPE: 'redis' }],
  ['SESSION_KEY_PREFIX', 'shop:', /a memory store has no prefix/, { SESSION_TYPE: 'memory' }],
  ['SESSION_KEY_PREFIX', 'shop:', /needs the store it is for/],
  ['SESSION_REVOCATION', 'None', { kind: 'cookie', revocation: 'none' }, { SESSION_TYPE: 'cookie' }],
  ['SESSION_REVOCATION', 'epoch', { kind: 'cookie', revocation: 'epoch' }, { SESSION_TYPE: 'cookie' }],
  ['SESSION_REVOCATION', 'all', /one of: none, denylist, epoch/, { SESSION_TYPE: 'cookie' }],
  ['SESSION_REVOCATION', 'none', /is for SESSION_TYPE=cookie/, { SESSION_TYPE: 'redis' }],

  ['SECRET_KEY', KEY, { secret: KEY }],
  ['SECRET_KEY', 'dev', /SECRET_KEY is too weak: it has 3 bytes.*randomBytes/],
  ['SECRET_KEY_FALLBACKS', OLD_KEY, { secret: [KEY, OLD_KEY] }, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', JSON.stringify([OLD_KEY]), { secret: [KEY, OLD_KEY] }, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', '[]', { secret: KEY }, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', `${OLD_KEY},${OLD_KEY}`, /has a comma in it: write a JSON list/, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', '[1]', /no JSON list of texts/, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', '["short"]', /SECRET_KEY_FALLBACKS\[0\] is too weak/, { SECRET_KEY: KEY }],
  ['SECRET_KEY_FALLBACKS', OLD_KEY, /SECRET_KEY, which writes, is not set/],
  ['SESSION_USE_SIGNER', 'true', { tickets: 'signed' }],
  ['SESSION_USE_SIGNER', 'off', { tickets: 'plain' }],
  ['SESSION_USE_SIGNER', 'no', { kind: 'cookie' }, { SESSION_TYPE: 'cookie' }],
  ['SESSION_USE_SIGNER', 'yes', /of no use with SESSION_TYPE=cookie/, { SESSION_TYPE: 'cookie' }],

  ['SESSION_COOKIE_NAME', 'shop', { cookie: { name: 'shop' } }],
  ['SESSION_COOKIE_DOMAIN', 'example.com', { cookie: { domain: 'example.com' } }],
  ['SESSION_COOKIE_PATH', '/shop', { cookie: { path: '/shop' } }],
  ['APPLICATION_ROOT', '/app', { cookie: { path: '/app' } }],
  ['APPLICATION_ROOT', '/app', { cookie: { path: '/shop' } }, { SESSION_COOKIE_PATH: '/shop' }],
  ['SESSION_COOKIE_SECURE', 'FALSE', { cookie: { secure: false } }],
  ['SESSION_COOKIE_SECURE', 'On', { cookie: { secure: true } }],
  ['SESSION_COOKIE_SECURE', 'ja', /must be true or false \(also 1 and 0/],
  ['SESSION_COOKIE_SAMESITE', 'Strict', { cookie: { sameSite: 'strict' } }],
  ['SESSION_COOKIE_SAMESITE', 'None', { cookie: { sameSite: 'none' } }],
  ['SESSION_COOKIE_SAMESITE', 'yes', /one of: lax, strict, none/],
  ['SESSION_COOKIE_PARTITIONED', '1', { cookie: { partitioned: true } }],
  ['SESSION_COOKIE_HTTPONLY', 'True', {}],
  ['SESSION_COOKIE_HTTPONLY', '0', /can only be true here: the cookie is always HttpOnly/],
  ['MAX_COOKIE_SIZE', '4093', /is refused: .*3800/],
  ['SERVER_NAME', 'example.com', {}],

  ['PERMANENT_SESSION_LIFETIME', '2678400', { lifetime: { permanent: { idle: { ms: 2_678_400_000 } } } }],
  ['PERMANENT_SESSION_LIFETIME', '31d', { lifetime: { permanent: { idle: { ms: 2_678_400_000 } } } }],
  ['PERMANENT_SESSION_LIFETIME', '0', /whole seconds above zero or a duration/],
  ['PERMANENT_SESSION_LIFETIME', '-1', /whole seconds above zero/],
  ['PERMANENT_SESSION_LIFETIME', '1.5', /whole seconds above zero/],
  ['PERMANENT_SESSION_LIFETIME', '31 days, 0:00:00', /a duration such as 31d/],
  ['PERMANENT_SESSION_LIFETIME', '401d', /400 days at most/],
  ['PERMANENT_SESSION_LIFETIME', '9'.repeat(400), /400 days at most/],
  ['SESSION_PERMANENT', 'False', {}],
  ['SESSION_PERMANENT', 'True', /can only be false here: .*write session\.permanent = true/],
  ['SESSION_REFRESH_EACH_REQUEST', 'yes', {}],
  ['SESSION_REFRESH_EACH_REQUEST', 'no', /can only be true here: .*lifetime\.permanent\.absolute/],

  ['SESSION_PROTECTION', 'True', { bind: 'ip' }],
  ['SESSION_PROTECTION', 'false', { bind: 'none' }],
  ['SESSION_PROTECTION', 'None', { bind: 'none' }],
  ['SESSION_PROTECTION', 'basic', /Flask-Login's, and come with createLogin/],
  ['SESSION_PROTECTION', 'Strong', /Flask-Login's, and come with createLogin/],
  ['SESSION_PROTECTION', 'ip', /must be true or false/],
  ['SESSION_REVERSE_PROXY', 'true', { trustProxy: 1 }],
  ['SESSION_REVERSE_PROXY', 'off', { trustProxy: 0 }],
  ['SESSION_REVERSE_PROXY', '2', { trustProxy: 2 }],
  ['SESSION_REVERSE_PROXY', '10.0.0.0/8, ::1', { trustProxy: ['10.0.0.0/8', '::1'] }],
  ['SESSION_STATIC_FILE', 'true', { staticFiles: true }],
  ['SESSION_STATIC_FILE', 'false', { staticFiles: false }],
  ['SESSION_HIJACK_PROTECTION', 'true', /write SESSION_PROTECTION/],
  ['SESSION_HIJACK_REVERSE_PROXY', 'true', /write SESSION_REVERSE_PROXY/],
  ['SESSION_EXPLICIT', 'false', /never looks at it; leave it out/],

  ['SESSION_ID_LENGTH', '32', {}],
  ['SESSION_ID_LENGTH', '16', /can only be 32 here/],
  ['SESSION_KEY_LENGTH', '32', /leave it out/],
  ['SESSION_SERIALIZATION_FORMAT', 'json', /the option codec/],
  ['SESSION_SERIALIZATION_FORMAT', 'msgpack', /the option codec/],
  ['SESSION_CLEANUP_N_REQUESTS', '100', /the option sweep/],

  ['SESSION_MEMCACHED', MEMCACHED, { store: MEMCACHED }],
  ['SESSION_MEMCACHED', MEMCACHED, { store: MEMCACHED }, { SESSION_URI: MEMCACHED, SESSION_TYPE: 'memcached' }],
  ['SESSION_MEMCACHED', MEMCACHED, { store: MEMCACHED, prefix: 'shop:' }, { SESSION_KEY_PREFIX: 'shop:' }],
  ['SESSION_MEMCACHED', MEMCACHED, /SESSION_URI and SESSION_MEMCACHED name different/, { SESSION_URI: 'memory:' }],
  ['SESSION_MEMCACHED', MEMCACHED, /SESSION_REDIS and SESSION_MEMCACHED name different/, { SESSION_REDIS: REDIS }],
  ['SESSION_MEMCACHED', MEMCACHED, /SESSION_TYPE and SESSION_MEMCACHED name different/, { SESSION_TYPE: 'redis' }],
  ['SESSION_MEMCACHED', 'localhost', /must be a URL that begins with memcached:.* a client of another library/],
  ['SESSION_MEMCACHED', MEMCACHED, /has host and port in it/, { SESSION_MEMCACHED_PORT: '11212' }],
  ['SESSION_MEMCACHED_HOST', 'cache', { store: 'memcached://cache:11211' }],
  ['SESSION_MEMCACHED_HOST', '::1', { store: 'memcached://[::1]:7' }, { SESSION_MEMCACHED_PORT: '7' }],
  ['SESSION_MEMCACHED_HOST', 'a,b', /one server; several go into SESSION_MEMCACHED/],
  ['SESSION_MEMCACHED_HOST', 'user:pw@a', /one server; several go into SESSION_MEMCACHED/],
  ['SESSION_MEMCACHED_PORT', '11212', { store: 'memcached://127.0.0.1:11212' }, { SESSION_TYPE: 'memcached' }],
  ['SESSION_MEMCACHED_PORT', '0', /a number from 1 to 65535/],
  ['SESSION_FILE_DIR', '/var/s', { store: 'file:/var/s' }],
  ['SESSION_FILE_DIR', './s', { store: 'file:./s' }, { SESSION_TYPE: 'filesystem', SESSION_URI: 'file:./s' }],
  ['SESSION_FILE_DIR', './s', /SESSION_URI and SESSION_FILE_DIR name different/, { SESSION_URI: 'file:./t' }],
  ['SESSION_FILE_DIR', './s', /SESSION_TYPE and SESSION_FILE_DIR name different/, { SESSION_TYPE: 'redis' }],
  ['SESSION_FILE_DIR', './s', /SESSION_REDIS and SESSION_FILE_DIR name different/, { SESSION_REDIS: REDIS }],
  ['SESSION_FILE_THRESHOLD', '500', /logs somebody out.*the option sweep/],
  ['SESSION_FILE_MODE', '384', {}],
  ['SESSION_FILE_MODE', '0644', /can only be 384 here: files are for their owner only/],
  ['SESSION_CACHELIB', 'x', /write SESSION_FILE_DIR or SESSION_URI/],
  ['SESSION_MONGODB', MONGODB, { store: MONGODB }],
  ['SESSION_MONGODB', MONGODB, { store: MONGODB }, { SESSION_MONGODB_URI: MONGODB, SESSION_TYPE: 'mongodb' }],
  ['SESSION_MONGODB', MONGODB, { store: MONGODB }, { SESSION_URI: MONGODB }],
  ['SESSION_MONGODB', MONGODB, /SESSION_URI and SESSION_MONGODB name different/, { SESSION_URI: 'memory:' }],
  ['SESSION_MONGODB', MONGODB, /SESSION_REDIS and SESSION_MONGODB name different/, { SESSION_REDIS: REDIS }],
  ['SESSION_MONGODB', MONGODB, /SESSION_TYPE and SESSION_MONGODB name different/, { SESSION_TYPE: 'redis' }],
  ['SESSION_MONGODB', 'MongoClient(host)', /begins with mongodb:\/\/ .*a client goes into the option store/],
  ['SESSION_MONGODB_URI', 'mongodb+srv://a/s', { store: 'mongodb+srv://a/s' }],
  ['SESSION_MONGODB_URI', MONGODB, /_MONGODB and SESSION_MONGODB_URI say diff/, { SESSION_MONGODB: 'mongodb://b' }],
  ['SESSION_MONGODB_DB', 'shop', { store: 'mongodb://127.0.0.1:27017/?database=shop' }],
  ['SESSION_MONGODB_DB', 'é', { store: `${MONGODB}/?database=%C3%A9` }, { SESSION_URI: MONGODB }],
  ['SESSION_MONGODB_DB', 'shop', { store: 'mongodb://a/b?c=d&database=shop' }, { SESSION_URI: 'mongodb://a/b?c=d' }],
  [
    'SESSION_MONGODB_DB',
    'é',
    { store: 'mongodb://a/?database=%C3%A9' },
    { SESSION_URI: 'mongodb://a/?database=%C3%A9' },
  ],
  ['SESSION_MONGODB_DB', 'shop', /and the URL say different/, { SESSION_URI: 'mongodb://a/?database=other' }],
  ['SESSION_MONGODB_COLLECT', 's', /and the URL say different/, { SESSION_MONGODB: 'mongodb://a/?w=1&collection=t' }],
  ['SESSION_MONGODB_DB', 'shop', /is for MongoDB, and SESSION_URI names another/, { SESSION_URI: 'memory:' }],
  ['SESSION_MONGODB_COLLECT', 's', { store: 'mongodb://a/b?collection=s' }, { SESSION_MONGODB: 'mongodb://a/b' }],
  ['SESSION_MONGODB_COLLECTION', 's', { store: `${MONGODB}/?collection=s` }, { SESSION_MONGODB_URI: MONGODB }],
  ['SESSION_MONGODB_COLLECTION', 's', /COLLECT and SESSION_.* say different/, { SESSION_MONGODB_COLLECT: 't' }],
  ['SESSION_MONGODB_CLIENT_KWARGS', '{}', /stands in the URL, as in \?replicaSet=name/],
  ['SESSION_MONGODB_SET_CALLBACK', 'x', /code cannot stand in an environment/],
  ['SESSION_SQLALCHEMY', 'x', /write SESSION_URI/],
  ['SESSION_SQLALCHEMY_TABLE', 'shop', { store: 'sqlite:./s.db', table: 'shop' }, { SESSION_URI: 'sqlite:./s.db' }],
  ['SESSION_SQLALCHEMY_TABLE', 'shop', { store: POSTGRES, table: 'shop' }, { SESSION_URI: POSTGRES }],
  ['SESSION_SQLALCHEMY_TABLE', 'shop', /a redis store has no table/, { SESSION_TYPE: 'redis' }],
  ['SESSION_SQLALCHEMY_TABLE', 'shop', /needs the store it is for, in SESSION_URI/],
  ['SESSION_SQLALCHEMY_SCHEMA', 'web', { store: POSTGRES, schema: 'web' }, { SESSION_URI: POSTGRES }],
  ['SESSION_SQLALCHEMY_SCHEMA', 'web', /sqlite store has no schema/, { SESSION_URI: 'sqlite:./s.db' }],
  ['SESSION_SQLALCHEMY_SEQUENCE', 'x', /rows are not numbered/],
  ['SESSION_SQLALCHEMY_BIND_KEY', 'x', /write SESSION_URI/],
  ['SESSION_POSTGRESQL', 'x', /write SESSION_URI/],
  ['SESSION_POSTGRESQL_TABLE', 'shop', { store: POSTGRES, table: 'shop' }, { SESSION_URI: POSTGRES }],
  ['SESSION_POSTGRESQL_TABLE', 'a', /say different/, { SESSION_URI: POSTGRES, SESSION_SQLALCHEMY_TABLE: 'b' }],
  ['SESSION_POSTGRESQL_TABLE', 'a', /the store is a sqlite one/, { SESSION_URI: 'sqlite:./s.db' }],
  ['SESSION_POSTGRESQL_SCHEMA', 'web', { store: POSTGRES, schema: 'web' }, { SESSION_URI: POSTGRES }],
  ['SESSION_DYNAMODB', 'x', /a resource cannot stand in an environment; write SESSION_DYNAMODB_TABLE/],
  ['SESSION_DYNAMODB_TABLE', 'my.table', { store: 'dynamodb:///my.table' }],
  ['SESSION_DYNAMODB_TABLE', 'shop', { store: 'dynamodb://eu-west-1/shop' }, { SESSION_DYNAMODB_REGION: 'eu-west-1' }],
  ['SESSION_DYNAMODB_TABLE', 'x', /SESSION_TYPE and SESSION_DYNAMODB_TABLE name different/, { SESSION_TYPE: 'redis' }],
  ['SESSION_DYNAMODB_TABLE', 'x', /SESSION_URI and SESSION_DYNAMODB_TABLE both name/, { SESSION_URI: 'memory:' }],
  ['SESSION_DYNAMODB_TABLE', 'x', /SESSION_REDIS and SESSION_DYNAMODB_TABLE both name/, { SESSION_REDIS: REDIS }],
  ['SESSION_DYNAMODB_REGION', 'eu-west-1', { store: 'dynamodb://eu-west-1/' }, { SESSION_TYPE: 'dynamodb' }],
  ['SESSION_DYNAMODB_REGION', 'eu west', /must be a region, such as eu-west-1/],
  ['SESSION_DYNAMODB_ENDPOINT_URL', 'http://a:8000', { store: 'dynamodb:///?endpoint=http%3A%2F%2Fa%3A8000' }],
  ['SESSION_DYNAMODB_KEY_ID', 'AKIA', { store: 'dynamodb://AKIA:a%2Fb@/' }, { SESSION_DYNAMODB_SECRET: 'a/b' }],
  ['SESSION_DYNAMODB_KEY_ID', 'AKIA', /SESSION_DYNAMODB_KEY_ID and SESSION_DYNAMODB_SECRET go together/],
  ['SESSION_DYNAMODB_SECRET', 'a/b', /go together: set both or none/],
  ['SESSION_DYNAMODB_TABLE_NAME', 'x', /Flask-Session reads SESSION_DYNAMODB_TABLE; write that/],
  ['SESSION_DYNAMODB_TABLE_EXISTS', 'true', {}],
  ['SESSION_DYNAMODB_TABLE_EXISTS', 'false', /can only be true here: .*createTable\(\) of coatcheck\/store\/dynamodb/],

  ['REMEMBER_COOKIE_NAME', 'x', NO_LOGIN],
  ['REMEMBER_COOKIE_DURATION', '31', NO_LOGIN],
  ['REMEMBER_COOKIE_DOMAIN', 'x', NO_LOGIN],
  ['REMEMBER_COOKIE_PATH', '/', NO_LOGIN],
  ['REMEMBER_COOKIE_SECURE', 'true', NO_LOGIN],
  ['REMEMBER_COOKIE_HTTPONLY', 'true', NO_LOGIN],
  ['REMEMBER_COOKIE_SAMESITE', 'Lax', NO_LOGIN],
  ['REMEMBER_COOKIE_REFRESH_EACH_REQUEST', 'true', NO_LOGIN],
  ['USE_SESSION_FOR_NEXT', 'true', NO_LOGIN],
  ['WTF_CSRF_ENABLED', 'true', NO_CSRF],
  ['WTF_CSRF_CHECK_DEFAULT', 'true', NO_CSRF],
  ['WTF_CSRF_METHODS', 'POST', NO_CSRF],
  ['WTF_CSRF_FIELD_NAME', 'x', NO_CSRF],
  ['WTF_CSRF_HEADERS', 'x', NO_CSRF],
  ['WTF_CSRF_TIME_LIMIT', '3600', NO_CSRF],
  ['WTF_CSRF_SSL_STRICT', 'true', NO_CSRF],
  ['WTF_CSRF_META_NAME', 'x', NO_CSRF],
  ['WTF_CSRF_SECRET_KEY', KEY, NO_CSRF],
  ['SESSION_MANAGER', 'local/desk:@/tmp/.ICE-unix/1', {}],
];

describe('each setting is taken or refused with a reason', () => {
  const cases = ROWS.map(([name, text, outcome, beside = {}]) => ({
    name,
    text,
    outcome,
    env: { ...beside, [name]: text },
  }));

  test.each(cases)('$name=$text is $outcome', async ({ outcome, env }) => {
    if (outcome instanceof RegExp) expect(await failureOf(() => saidBy(env))).toMatch(outcome);
    else expect(saidBy(env)).toEqual(outcome);
  });

  test('the tests know every setting of the source', () => {
    expect([...new Set(ROWS.map(([name]) => name))].sort()).toEqual(SETTINGS.map(({ name }) => name).sort());
  });

  test.each(SETTINGS.map(({ name }) => name))('%s, empty, is not set', (name) => {
    expect(saidBy({ [name]: '' })).toEqual({});
  });

  test('no refusal quotes what stands in a setting', async () => {
    const secret = 'hunter2-hunter2';
    for (const { name } of SETTINGS) {
      for (const text of [secret, `[${secret}`, `${secret},${secret}`, `${secret}://${secret}@host`]) {
        const env = name === 'SECRET_KEY_FALLBACKS' ? { SECRET_KEY: KEY, [name]: text } : { [name]: text };
        expect(await failureOf(() => saidBy(env))).not.toContain('hunter2');
      }
    }
  });
});

/** What each library's own documentation lists, written down apart from our table. */
const UPSTREAM: Readonly<Record<string, readonly string[]>> = {
  Flask: [
    ...['SECRET_KEY', 'SECRET_KEY_FALLBACKS', 'PERMANENT_SESSION_LIFETIME', 'SESSION_REFRESH_EACH_REQUEST'],
    ...['NAME', 'DOMAIN', 'PATH', 'HTTPONLY', 'SECURE', 'SAMESITE', 'PARTITIONED'].map(
      (key) => `SESSION_COOKIE_${key}`,
    ),
    ...['MAX_COOKIE_SIZE', 'APPLICATION_ROOT', 'SERVER_NAME'],
  ],
  'Flask-Session': [
    ...['TYPE', 'PERMANENT', 'USE_SIGNER', 'KEY_PREFIX', 'ID_LENGTH', 'SERIALIZATION_FORMAT', 'CLEANUP_N_REQUESTS'],
    ...['REDIS', 'MEMCACHED', 'CACHELIB', 'FILE_DIR', 'FILE_THRESHOLD', 'FILE_MODE'],
    ...['MONGODB', 'MONGODB_DB', 'MONGODB_COLLECT', 'POSTGRESQL', 'POSTGRESQL_TABLE', 'POSTGRESQL_SCHEMA'],
    ...['', '_TABLE', '_SEQUENCE', '_SCHEMA', '_BIND_KEY'].map((key) => `SQLALCHEMY${key}`),
    ...['', '_TABLE', '_TABLE_NAME', '_TABLE_EXISTS'].map((key) => `DYNAMODB${key}`),
    // Of its forks.
    ...['REGION', 'ENDPOINT_URL', 'KEY_ID', 'SECRET'].map((key) => `DYNAMODB_${key}`),
  ].map((key) => `SESSION_${key}`),
  'Quart-Session': [
    ...['TYPE', 'PERMANENT', 'USE_SIGNER', 'KEY_PREFIX', 'PROTECTION', 'REVERSE_PROXY', 'STATIC_FILE', 'EXPLICIT'],
    ...['FILE_DIR', 'FILE_THRESHOLD', 'FILE_MODE', 'REDIS', 'URI', 'MEMCACHED', 'MEMCACHED_HOST', 'MEMCACHED_PORT'],
    ...['URI', 'COLLECTION', 'CLIENT_KWARGS', 'SET_CALLBACK'].map((key) => `MONGODB_${key}`),
    ...['HIJACK_PROTECTION', 'HIJACK_REVERSE_PROXY'],
  ].map((key) => `SESSION_${key}`),
};

test.each(Object.entries(UPSTREAM))('every key of %s is known, and said to be known to it', (library, keys) => {
  const told = (key: string) => SETTINGS.find(({ name }) => name === key)?.of.split(', ') ?? [];
  expect(keys.filter((key) => !told(key).includes(library))).toEqual([]);
});

test('a store that comes later works by its URL and its word at once', () => {
  const later = { all: ['memory', 'mongodb', 'memcached'], prefixed: [] };
  const SESSION_URI = 'mongodb://localhost/shop';
  expect(saidBy({ SESSION_URI }, later)).toEqual({ store: SESSION_URI });
  expect(saidBy({ SESSION_URI, SESSION_TYPE: 'mongodb' }, later)).toEqual({ store: SESSION_URI });
  expect(saidBy({ SESSION_TYPE: 'memcached' }, later)).toEqual({ store: 'memcached://127.0.0.1:11211' });
});

describe('an unknown name that begins with SESSION_ is refused', () => {
  test.each([
    ['SESSION_COOKIE_SECUER', 'SESSION_COOKIE_SECURE'],
    ['SESSION_COOKIE_SAME_SITE', 'SESSION_COOKIE_SAMESITE'],
    ['SESSION_URL', 'SESSION_URI'],
    ['SESSION_REDIS_URL', 'SESSION_REDIS'],
    ['SESSION_SECRET', 'SECRET_KEY'],
    ['SESSION_MAX_AGE', 'PERMANENT_SESSION_LIFETIME'],
  ])('%s, with the nearest name: %s', async (name, nearest) => {
    expect(await failureOf(() => saidBy({ [name]: 'true' }))).toBe(
      `SETTING_INVALID: ${name} is no setting. The nearest is ${nearest}.`,
    );
  });

  test('but nothing else of an environment is looked at', () => {
    const env = { PATH: '/bin', NODE_ENV: 'test', FLASK_SESSION_TYPE: 'redis', XDG_SESSION_TYPE: 'x11', SESSION_X: '' };
    expect(saidBy(env)).toEqual({});
  });
});
