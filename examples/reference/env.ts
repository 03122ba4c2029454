/** Says which setting is wrong and what to write. */
export class SettingError extends Error {}

const ADAPTERS = ['express', 'express4', 'node', 'fetch'] as const;
const MODES = ['store', 'cookie'] as const;
const REVOCATIONS = ['none', 'denylist', 'epoch'] as const;

export interface Settings {
  readonly adapter: (typeof ADAPTERS)[number];
  /** 0: a free one. */
  readonly port: number;
  readonly uri: string;
  readonly mode: (typeof MODES)[number];
  /** The first one writes. */
  readonly secret: readonly string[];
  readonly revocation: (typeof REVOCATIONS)[number];
  /** With their units, as given. */
  readonly lifetime: { readonly idle?: string; readonly absolute?: string };
  readonly insecure: boolean;
  /** Prints each event of the sessions as a line of JSON. */
  readonly events: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Reads the settings. What an option of coatcheck says is checked there, at the start as well. */
export function readSettings(env: Env): Settings {
  for (const name of ['TRUST_PROXY', 'TRUST_HEADER']) {
    if (given(env, name) !== undefined) throw unknownYet(name);
  }
  if (choice(env, 'BIND', ['none', 'ip']) === 'ip') throw unknownYet('BIND=ip');
  checkOrigin(given(env, 'PUBLIC_ORIGIN'));
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
    mode,
    secret,
    revocation: choice(env, 'REVOCATION', REVOCATIONS),
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

function checkOrigin(origin: string | undefined): void {
  if (origin === undefined || (URL.canParse(origin) && /^https?:/.test(origin) && new URL(origin).origin === origin)) {
    return;
  }
  throw new SettingError('PUBLIC_ORIGIN must be an origin, such as https://app.example, without a path.');
}

function unknownYet(name: string): SettingError {
  return new SettingError(`This version does not know ${name} yet. Leave it out.`);
}
