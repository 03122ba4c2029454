import type { ExitCode } from './exit.ts';
import type { Io } from './io.ts';
import type { Output } from './output.ts';
import type { OptionHelps, Values } from './values.ts';

export interface Call {
  readonly io: Io;
  readonly out: Output;
  readonly values: Values;
  /** The words that are no options. */
  readonly words: readonly string[];
}

/** One word behind `coatcheck`: a file of its own in `commands/`. */
export interface Command {
  readonly name: string;
  /** The words it takes, as the help says them: `<handle>`. */
  readonly takes: string;
  /** The fewest and the most of those words. */
  readonly words: readonly [number, number];
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else to know, as lines of the help. */
  readonly details: readonly string[];
  readonly options: OptionHelps;
  run(call: Call): Promise<ExitCode>;
}
