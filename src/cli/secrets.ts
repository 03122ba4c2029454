import { readFileSync } from 'node:fs';
import { readSettings } from '../env/read.ts';
import { readSecrets, type Secrets } from '../keys/secret.ts';
import { PREFIXED_SCHEMES, STORE_SCHEMES } from '../url.ts';
import { usage } from './exit.ts';
import type { Io } from './io.ts';
import type { OptionHelps, Values } from './values.ts';

/** A secret is never a word of the command: other users of the machine see those, and shells keep them. */
export const SECRET_OPTIONS: OptionHelps = {
  'secret-file': {
    value: 'FILE',
    help: 'the secret, and older ones each on a line; else SECRET_KEY and SECRET_KEY_FALLBACKS',
  },
  cookie: { value: 'NAME', help: "the cookie's name, which is part of its seal; else SESSION_COOKIE_NAME" },
};

/** What an application without settings of its own calls its cookie. */
const NAMES = ['__Host-session', 'session'];

/** What it takes to open a cookie. */
export interface Opening {
  /** Undefined where there is none. */
  readonly secrets: Secrets | undefined;
  /** The names that the cookie may have. */
  readonly names: readonly string[];
}

/** @throws CoatcheckError `USAGE`, `SECRET_WEAK`, `SETTING_INVALID` */
export function openingOf(values: Values, io: Io, named: string | undefined): Opening {
  const { said } = readSettings(io.env, { all: STORE_SCHEMES, prefixed: PREFIXED_SCHEMES });
  const set = (path: string): unknown => said.find((one) => one.path.join('.') === path)?.value;
  const file = values.text('secret-file');
  const secret = file === undefined ? (set('secret') as string | string[] | undefined) : inFile(file);
  const name = named ?? values.text('cookie') ?? (set('cookie.name') as string | undefined);
  return {
    secrets: secret === undefined ? undefined : readSecrets(secret, file === undefined ? 'SECRET_KEY' : 'The secret'),
    names: name === undefined ? NAMES : [name],
  };
}

function inFile(path: string): string[] {
  try {
    return readFileSync(path, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  } catch (error) {
    throw usage(`The file of --secret-file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
