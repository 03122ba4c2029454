/** Says which setting is wrong and what to write. */
export class SettingError extends Error {}

const ADAPTERS = ['express', 'express4', 'node', 'fetch'] as const;
const MODES = ['store', 'cookie'] as const;
const BINDINGS = ['none', 'ip'] as const;
const PROXY_HEADERS = ['x-forwarded', 'forwarded'] as const;
const REVOCATIONS = ['none', 'denylist', 'epoch'] as const;
const REDIS_DRIVERS = ['redis', 'ioredis'] as const;

export interface Settings {
  readonly adapter: (typeof ADAPTERS)[number];
  /** 0: a free one. */
  readonly port: number;
  readonly uri: string;
  readonly redis: {
    readonly driver: (typeof REDIS_DRIVERS)[number];
    /** How many replicas must have each write before it is answered. */
    readonly replicas: number;
  };
  readonly mode: (typeof MODES)[number];
  /** The first one writes. */
  readonly secret: readonly string[];
  readonly revocation: (typeof REVOCATIONS)[number];
  /** With their units, as given. */
  readonly lifetime: { readonly idle?: string; readonly absolute?: string };
  /** Which proxies are believed, and where visitors reach the application. */
  readonly proxy: {
    readonly proxyHeader: (typeof PROXY_HEADERS)[number];
    readonly trustProxy?: number | readonly string[];
    readonly publicOrigin?: string;
  };
  readonly bind: (typeof BINDINGS)[number];
  readonly insecure: boolean;
  /** Prints each event of the sessions as a line of JSON. */
  readonly events: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the settings. What an option of coatcheck says is checked there, at the start as well. */
export function readSettings(env: Env): Settings {
  const trustProxy = trust(given(env, 'TRUST_PROXY'));
  const publicOrigin = origin(given(env, 'PUBLIC_ORIGIN'));
  const [idle, absolute] = [given(env, 'IDLE'), given(env, 'ABSOLUTE')];
  const mode = choice(env, 'MODE', MODES);
  const secret = given(env, 'SECRET')?.split(',') ?? [];
  if (mode === 'cookie' && secret.length === 0) {
    throw new SettingError('MODE=cookie needs SECRET: openssl rand -base64 32 makes a good one.');
  }
  return {
    adapter: choice(env, 'ADAPTER', ADAPTERS),
    port: port(given(env, 'PORT') ?? '3000'),
    uri: given(env, 'SESSION_URI') ?? 'memory:',
    redis: {
      driver: choice(env, 'REDIS_DRIVER', REDIS_DRIVERS),
      replicas: Number(choice(env, 'REDIS_REPLICAS', ['0', '1', '2'])),
    },
    mode,
    secret,
    revocation: choice(env, 'REVOCATION', REVOCATIONS),
    proxy: {
      proxyHeader: choice(env, 'TRUST_HEADER', PROXY_HEADERS),
      ...(trustProxy === undefined ? {} : { trustProxy }),
      ...(publicOrigin === undefined ? {} : { publicOrigin }),
    },
    bind: choice(env, 'BIND', BINDINGS),
    lifetime: { ...(idle === undefined ? {} : { idle }), ...(absolute === undefined ? {} : { absolute }) },
    insecure: isOn(env, 'INSECURE'),
    events: isOn(env, 'EVENTS'),
  };
}

/** An empty setting is none. */
function given(env: Env, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name];
}

/** One of a few words; the first is the default. */
function choice<Word extends string>(env: Env, name: string, words: readonly [Word, ...Word[]]): Word {
  const word = given(env, name) ?? words[0];
  if ((words as readonly string[]).includes(word)) return word as Word;
  throw new SettingError(`${name} must be one of: ${words.join(', ')}.`);
}

function isOn(env: Env, name: string): boolean {
  return choice(env, name, ['0', '1']) === '1';
}

function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (number > 65535) throw new SettingError('PORT must be a port, or 0 for a free one.');
  return number;
}

/** A number of hops, or addresses and networks by comma. Which ones there are the library knows. */
function trust(text: string | undefined): number | readonly string[] | undefined {
  return text === undefined || !/^\d+$/.test(text) ? text?.split(',') : Number(text);
}

function origin(text: string | undefined): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text)) return text;
  throw new SettingError('PUBLIC_ORIGIN must be an origin, such as https://app.example, without a path.');
}
