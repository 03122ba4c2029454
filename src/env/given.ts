import { nearest } from './nearest.ts';
import { SETTINGS, type Setting } from './table.ts';
import { switchOf, wrong } from './values.ts';

/** An environment: `process.env`, `Deno.env.toObject()`, the bindings of a worker. Empty text counts as not set. */
export type Environment = Readonly<Record<string, unknown>>;

/** The settings that are taken and set, by name. */
export type Given = ReadonlyMap<string, string>;

const KNOWN: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.name, setting]));

/** What people bring from elsewhere, and what it is called here. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ['SESSION_SECRET', 'SECRET_KEY'],
  ['SESSION_NAME', 'SESSION_COOKIE_NAME'],
  ['SESSION_DRIVER', 'SESSION_TYPE'],
  ['SESSION_STORE', 'SESSION_URI'],
  ['SESSION_LIFETIME', 'PERMANENT_SESSION_LIFETIME'],
  ['SESSION_MAX_AGE', 'PERMANENT_SESSION_LIFETIME'],
  ['SESSION_TTL', 'PERMANENT_SESSION_LIFETIME'],
]);

/**
 * Picks the settings out of an environment.
 *
 * @throws CoatcheckError `SETTING_INVALID` for a setting that is refused, for one that only has one value here and says
 * another, and for an unknown name that begins with `SESSION_`
 */
export function givenIn(env: Environment): Given {
  if (typeof env !== 'object' || env === null) throw wrong('The environment', 'must be an object, such as process.env');
  const given = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    const setting = KNOWN.get(name);
    if (value === undefined || value === '') continue;
    if (setting === undefined) refuseTypo(name, value);
    else if (typeof value !== 'string') throw wrong(name, 'must be text, as in an environment');
    else if (isTaken(setting, value)) given.set(name, value);
  }
  return given;
}

/**
 * What several settings say that mean the same; undefined where none of them is set.
 *
 * @throws CoatcheckError `SETTING_INVALID` where they differ
 */
export function agreed(given: Given, names: readonly string[]): string | undefined {
  const said = names.filter((name) => given.has(name));
  const [first = '', second] = said;
  if (second !== undefined && given.get(first) !== given.get(second)) {
    throw wrong(said.join(' and '), 'say different things. Leave one of them out');
  }
  return given.get(first);
}

function isTaken({ name, fate }: Setting, text: string): boolean {
  if ('refused' in fate) throw wrong(name, `is refused: ${plain(fate.refused)}`);
  if ('always' in fate) {
    const { always, otherwise } = fate;
    const same = typeof always === 'boolean' ? switchOf(text) === always : text === String(always);
    if (!same) throw wrong(name, `can only be ${always} here: ${plain(otherwise)}`);
  }
  return 'into' in fate;
}

/** A typo must not be silent. A worker's bindings are objects, and no settings. */
function refuseTypo(name: string, value: unknown): void {
  if (typeof value !== 'string' || !name.startsWith('SESSION_')) return;
  const meant = MEANT.get(name) ?? nearest(name, [...KNOWN.keys()]);
  throw wrong(name, `is no setting. The nearest is ${meant}`);
}

/** Without the marks of the table in docs/settings.md. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
