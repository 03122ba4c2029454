import { type Clock, systemClock } from '../clock.ts';
import { DEFAULT_LIMITS, type Limits } from '../codec/bounds.ts';
import type { Codec, Data } from '../codec/contract.ts';
import { nativeCodec } from '../codec/native.ts';
import { type CookieOptions, cookieTemplate } from '../cookie/options.ts';
import { CoatcheckError } from '../errors.ts';
import { Events, type SessionEvent } from '../events.ts';
import { checkOptionNames } from '../option-names.ts';
import type { Bind } from './binding.ts';
import { Documents } from './documents.ts';
import { IDENTITY_KEYS } from './identity.ts';
import { Lifetime, type LifetimeOptions } from './lifetime.ts';
import { type ProxyOptions, readProxyRules } from './proxy.ts';
import type { Schema } from './schema.ts';
import type { CommonSettings } from './settings.ts';
import { type StaticOption, staticRule } from './static-paths.ts';

/** Options of server-side and of cookie sessions. */
export interface CommonOptions<D> extends ProxyOptions {
  /** Name and attributes of the cookie. Default `__Host-session`, Secure, HttpOnly, SameSite=Lax. */
  cookie?: CookieOptions;
  /** Default: 1 h after the last use, 24 h in all; permanent sessions 31 and 180 days. */
  lifetime?: LifetimeOptions;
  /** Requests for static files, which have no session. Default `'/static/'`. */
  static?: StaticOption;
  /** Give sessions to static paths too. Default false. */
  staticFiles?: boolean;
  /** Makes the imported `session` work. False saves AsyncLocalStorage for those who only use `req.session`. Default true. */
  ambient?: boolean;
  /** How records become documents. Default: tagged JSON, see docs/format.md. */
  codec?: Codec;
  /** Bounds of one session: 65,536 bytes, depth 16, 1000 keys. */
  limits?: Partial<Limits>;
  /** Hears every event. What it throws is ignored. */
  onEvent?: (event: SessionEvent) => void;
  /** Keys that say who the visitor is: when that changes, the session gets a new id. Default user, userId, user_id, passport. */
  identityKeys?: readonly string[];
  /** Whose session this is, for `listFor` and `revoke`. */
  ownerOf?: (data: D) => string | undefined;
  /** `'ip'`: a request from another address ends the session. Behind a proxy it needs `trustProxy`. Default `'none'`. */
  bind?: Bind;
  /** A synchronous Standard Schema. Data that does not fit is a new session, with event `rejected`. */
  schema?: Schema;
  /** Where the time comes from, for tests. */
  clock?: Clock;
}

const COMMON = [
  'cookie',
  'lifetime',
  'static',
  'staticFiles',
  'ambient',
  'codec',
  'limits',
  'onEvent',
  'identityKeys',
  'ownerOf',
  'schema',
  'clock',
  'trustProxy',
  'proxyHeader',
  'publicOrigin',
  'bind',
] as const;

/** What people bring from other libraries, and what it is called here. */
const HABITS: Readonly<Record<string, string>> = {
  resave: 'A session is written when it changed and never otherwise. Leave resave out',
  saveUninitialized: 'A session nobody wrote to is never stored. Leave saveUninitialized out',
  rolling: 'Use extends a session by itself, up to lifetime.idle. Leave rolling out',
  unset: 'await session.destroy(), or req.session = null, ends a session. Leave unset out',
  name: 'The name of the cookie is cookie.name',
  key: 'The name of the cookie is cookie.name',
  secure: 'Write cookie: { secure: false }, for development on loopback only',
  domain: 'Write cookie: { domain }',
  sameSite: 'Write cookie: { sameSite }',
  maxAge: "How long a session lives is said by lifetime: { idle: '1h', absolute: '24h' }",
  ttl: "How long a session lives is said by lifetime: { idle: '1h', absolute: '24h' }",
  genid: 'Ids are 256 random bits, made here. Leave it out',
  generateId: 'Ids are 256 random bits, made here. Leave it out',
  idGenerator: 'Ids are 256 random bits, made here. Leave it out',
  proxy: 'The cookie is Secure whatever the connection looks like. Say which proxies to believe by trustProxy: 1',
  serializer: 'The serializer is called codec',
  secrets: 'The secrets are called secret, a list whose first element writes',
};

/** Refuses options that do not exist, with what to write instead. */
export function checkNames(options: object, names: readonly string[]): void {
  checkOptionNames(options, {
    names: [...COMMON, ...names],
    habits: HABITS,
    example: 'createSessions({ store })',
  });
}

/** Checks the options in common and gives them their defaults. */
export function readCommon<D>(options: CommonOptions<D>): CommonSettings {
  const { clock = systemClock, codec = nativeCodec(), identityKeys = IDENTITY_KEYS, ownerOf, onEvent } = options;
  const { bind = 'none' } = options;
  check(typeof codec?.encode === 'function' && typeof codec.decode === 'function', 'codec needs encode and decode');
  check(onEvent === undefined || typeof onEvent === 'function', 'onEvent must be a function of one event');
  check(ownerOf === undefined || typeof ownerOf === 'function', 'ownerOf must be a function of the data');
  check(
    Array.isArray(identityKeys) && identityKeys.every((key) => typeof key === 'string'),
    "identityKeys must be a list of keys, such as ['user']",
  );
  check(isSchema(options.schema), 'schema must be a Standard Schema, such as a zod, valibot or arktype object');
  check(bind === 'none' || bind === 'ip', "bind must be 'none' or 'ip'");
  check(isSwitch(options.ambient), 'ambient must be true or false');
  check(isSwitch(options.staticFiles), 'staticFiles must be true or false');
  check(typeof clock?.now === 'function', 'clock needs a function now');
  return {
    codec,
    clock,
    ambient: options.ambient ?? true,
    cookie: cookieTemplate(options.cookie, clock),
    lifetime: new Lifetime(options.lifetime),
    documents: new Documents(codec, readLimits(options.limits)),
    events: new Events(onEvent, () => clock.now()),
    isStatic: staticRule(options.static, options.staticFiles),
    identityKeys,
    ownerOf: ownerOf as ((data: Data) => string | undefined) | undefined,
    schema: options.schema,
    proxy: readProxyRules(options),
    bind,
  };
}

function readLimits(limits: Partial<Limits> = {}): Limits {
  const problem = 'limits takes bytes, depth and keys, whole numbers above zero';
  check(typeof limits === 'object' && limits !== null, problem);
  for (const [name, value] of Object.entries(limits)) {
    check(Object.hasOwn(DEFAULT_LIMITS, name) && Number.isSafeInteger(value) && value > 0, problem);
  }
  return { ...DEFAULT_LIMITS, ...limits };
}

function isSchema(schema: Schema | undefined): boolean {
  return schema === undefined || typeof schema?.['~standard']?.validate === 'function';
}

function isSwitch(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

export function check(good: boolean, problem: string): void {
  if (!good) throw new CoatcheckError('OPTION_INVALID', `${problem}.`);
}
