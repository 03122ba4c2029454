import { durationMs } from '../duration.ts';
import { CoatcheckError } from '../errors.ts';

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['yes', true],
  ['on', true],
  ['false', false],
  ['0', false],
  ['no', false],
  ['off', false],
]);

/** The longest that browsers keep a cookie (RFC 6265bis section 5.5). */
const LONGEST_MS = 400 * 86_400_000;

/** An error that names the setting and never says what stands in it: it may hold a password. */
export function wrong(name: string, problem: string): CoatcheckError {
  return new CoatcheckError('SETTING_INVALID', `${name} ${problem}.`);
}

/** A switch as people write them in environments, or undefined for another word. */
export function switchOf(text: string): boolean | undefined {
  return SWITCHES.get(text.toLowerCase());
}

export function readSwitch(name: string, text: string): boolean {
  const value = switchOf(text);
  if (value === undefined) throw wrong(name, 'must be true or false (also 1 and 0, yes and no, on and off)');
  return value;
}

/** One of a few words, in small letters, whatever the case they are written in. */
export function readWord<Word extends string>(name: string, text: string, words: readonly Word[]): Word {
  const word = words.find((one) => one === text.toLowerCase());
  if (word === undefined) throw wrong(name, `must be one of: ${words.join(', ')}`);
  return word;
}

/** Whole seconds, as Flask has them, or a duration with its unit. */
export function readLifetime(name: string, text: string): { readonly ms: number } {
  let ms = Number.NaN;
  try {
    ms = /^\d+$/.test(text) ? Number(text) * 1000 : durationMs(text, name);
  } catch {
    // Told below, in words for a setting.
  }
  if (ms > 0 && ms <= LONGEST_MS) return { ms };
  throw wrong(name, 'must be whole seconds above zero or a duration such as 31d, and 400 days at most');
}

/** One text, or a JSON list of texts, as Flask's `from_prefixed_env` reads it. */
export function readTexts(name: string, text: string): readonly string[] {
  if (!text.startsWith('[')) {
    // A comma may be part of a secret, so it cannot be guessed whether it divides two.
    if (text.includes(',')) throw wrong(name, 'has a comma in it: write a JSON list, such as ["first","second"]');
    return [text];
  }
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // Told below; the parser's own message would quote the text.
  }
  if (Array.isArray(list) && list.every((one) => typeof one === 'string')) return list;
  throw wrong(name, 'begins with [ and is no JSON list of texts, such as ["first","second"]');
}
