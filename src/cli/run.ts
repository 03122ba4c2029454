import { nearest } from '../env/nearest.ts';
import { CoatcheckError } from '../errors.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, type ExitCode, exitCodeOf, usage } from './exit.ts';
import { COMMON, commandHelp, overallHelp } from './help.ts';
import type { Io } from './io.ts';
import { Output } from './output.ts';
import { readArguments } from './values.ts';

/**
 * Runs one command to its end.
 *
 * @param argv what stands behind `coatcheck`
 * @returns the exit code; nothing is thrown
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const json = argv.includes('--json');
  const out = new Output(io, json);
  try {
    const [name, ...rest] = argv;
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      const asked = COMMANDS.find((one) => one.name === rest[0]);
      await out.line(asked === undefined ? overallHelp(COMMANDS) : commandHelp(asked));
      return name === undefined ? EXIT.usage : EXIT.done;
    }
    const command = COMMANDS.find((one) => one.name === name);
    if (command === undefined) throw unknown(name);
    const { values, words } = readArguments(rest, { ...command.options, ...COMMON });
    if (values.on('help')) {
      await out.line(commandHelp(command));
      return EXIT.done;
    }
    checkWords(command, words);
    return await command.run({ io, out, values, words });
  } catch (error) {
    tell(error, io, json);
    return exitCodeOf(error);
  }
}

function unknown(name: string): CoatcheckError {
  const names = COMMANDS.map((command) => command.name);
  // Anything else may be a cookie that was to be decoded.
  const said = /^[a-z-]{1,20}$/.test(name) ? `${name} is no command` : 'The first word must be a command';
  return usage(`${said}. The nearest is ${nearest(name.slice(0, 20), names)}, and coatcheck --help has them all`);
}

function checkWords({ name, takes, words: [least, most] }: Command, words: readonly string[]): void {
  if (words.length >= least && words.length <= most) return;
  throw usage(
    `Write coatcheck ${name}${takes === '' ? ' without further words' : ` ${takes}`}; coatcheck ${name} --help tells more`,
  );
}

/** Our errors hold no secret. Others come from drivers, and may quote a URL. */
function tell(error: unknown, io: Io, json: boolean): void {
  const ours = error instanceof CoatcheckError;
  const code = ours ? error.code : 'UNKNOWN';
  const message = ours ? error.message : 'Something failed that coatcheck does not know.';
  const cause = causeOf(error);
  const text = json ? JSON.stringify({ error: { code, message } }) : `coatcheck: ${message} [${code}]${cause}`;
  io.stderr.write(`${text}\n`);
}

/** What the driver calls it: a code such as ECONNREFUSED, never its text. */
function causeOf(error: unknown): string {
  const below: unknown = error instanceof CoatcheckError ? error.cause : error;
  const code = (below as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && /^[\w-]{1,40}$/.test(code) ? ` (${code})` : '';
}
