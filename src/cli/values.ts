import { parseArgs } from 'node:util';
import { nearest } from '../env/nearest.ts';
import { usage } from './exit.ts';

/** One option of a command. */
interface OptionHelp {
  /** What stands for the value in the help; without it the option is a switch. */
  readonly value?: string;
  readonly help: string;
}

export type OptionHelps = Readonly<Record<string, OptionHelp>>;

/** What was said by options. */
export class Values {
  readonly #values: ReadonlyMap<string, string | true>;

  constructor(values: ReadonlyMap<string, string | true>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  on(name: string): boolean {
    return this.#values.has(name);
  }

  /** A whole number. */
  count(name: string, otherwise: number, least: number, most: number): number {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const count = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (count < least || count > most) throw usage(`--${name} wants a whole number from ${least} to ${most}`);
    return count;
  }

  /** One of several words. */
  word<T extends string>(name: string, words: readonly T[], otherwise: T): T {
    const text = this.text(name);
    if (text === undefined) return otherwise;
    const found = words.find((word) => word === text);
    if (found === undefined) throw usage(`--${name} is one of: ${words.join(', ')}`);
    return found;
  }
}

/** Handles and tickets may begin with a hyphen, and are no options then. */
const HYPHENED = /^-[\w-]{21}$|^-[\w-]{42}(?:\.|$)/;

/**
 * Splits what stands behind the command's name.
 *
 * @throws CoatcheckError `USAGE`, which quotes names of options and never a value: that may be a cookie or a password
 */
export function readArguments(
  argv: readonly string[],
  options: OptionHelps,
): { readonly values: Values; readonly words: readonly string[] } {
  const takesValue = (text: string | undefined): boolean =>
    text?.startsWith('--') === true && options[text.slice(2)]?.value !== undefined;
  const isWord = (text: string, at: number): boolean =>
    HYPHENED.test(text) && !Object.hasOwn(options, text.slice(2)) && !takesValue(argv[at - 1]);
  const words = argv.filter(isWord);
  const { tokens } = parseArgs({
    args: argv.filter((text, at) => !isWord(text, at)),
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value }]) => [
        name,
        {
          type: value === undefined ? ('boolean' as const) : ('string' as const),
          ...(name === 'help' && { short: 'h' }),
        },
      ]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    const { name, value } = token;
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined) throw unknown(name, Object.keys(options));
    if (values.has(name)) throw usage(`--${name} was given twice`);
    if (option.value === undefined && value !== undefined) throw usage(`--${name} is a switch and takes no value`);
    if (option.value !== undefined && (value === undefined || value === '')) {
      throw usage(`--${name} wants a value: --${name} ${option.value}`);
    }
    values.set(name, value ?? true);
  }
  return { values: new Values(values), words };
}

function unknown(name: string, names: readonly string[]): Error {
  // Anything longer may be a secret that was not meant for an option's name.
  const said = /^[a-zA-Z][a-z-]{0,19}$/.test(name) ? `--${name} is no option here` : 'There is an unknown option';
  return usage(`${said}. The nearest is --${nearest(name, names)}`);
}
