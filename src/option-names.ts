import { CoatcheckError } from './errors.ts';

/** What a factory can be told. */
export interface OptionNames {
  /** In front of every message, such as `Redis store: `. Default: nothing. */
  readonly whose?: string;
  readonly names: readonly string[];
  /** What people bring from other libraries, and what to write here instead: sentences without their full stop. */
  readonly habits: Readonly<Record<string, string>>;
  /** A call that is right, for whoever gave no object. */
  readonly example: string;
}

const ALIVE = 'A session that is used stays alive by itself, up to lifetime.idle of createSessions';

/** What the stores of express-session are told, and no store of ours: it is said once, to createSessions. */
export const STORE_HABITS: Readonly<Record<string, string>> = {
  ttl: "How long a session lives is said to createSessions: lifetime: { idle: '1h', absolute: '24h' }",
  disableTTL: "A record always ends. How long a session lives is said to createSessions: lifetime: { absolute: '24h' }",
  disableTouch: `${ALIVE}. Leave disableTouch out`,
  serializer: 'How records become documents is said to createSessions: codec',
  codec: 'The codec is an option of createSessions',
};

/**
 * Refuses options that do not exist: one that is passed over in silence would be taken for one that works.
 *
 * @throws CoatcheckError `OPTION_UNKNOWN` with what to write instead, `OPTION_INVALID` for what is no object
 */
export function checkOptionNames(options: unknown, { whose = '', names, habits, example }: OptionNames): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CoatcheckError('OPTION_INVALID', `${whose}Options are an object: ${example}.`);
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const hint = Object.hasOwn(habits, name) ? habits[name] : `The options are ${[...names].sort().join(', ')}`;
    throw new CoatcheckError('OPTION_UNKNOWN', `${whose}${name} is no option. ${hint}.`);
  }
}
