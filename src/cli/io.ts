import type { Readable } from 'node:stream';
import type { Environment } from '../env/given.ts';

/** Where text goes: `process.stdout`, or what a test keeps. */
export interface Sink {
  write(text: string): boolean;
  once(event: 'drain', heard: () => void): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** All that a command knows of the world. */
export interface Io {
  readonly env: Environment;
  readonly stdin: Readable & { readonly isTTY?: boolean | undefined };
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** Milliseconds since 1970. */
  now(): number;
  /** Ctrl-C was pressed: end in good order. */
  readonly interrupted: AbortSignal;
}

/** Whether a sink is a terminal that knows control characters. */
export function isTerminal(sink: Sink, env: Environment): boolean {
  return sink.isTTY === true && env.TERM !== 'dumb';
}

/** Colours: only for a terminal, and not where NO_COLOR is set to anything (no-color.org). */
export function hasColours(sink: Sink, env: Environment): boolean {
  return isTerminal(sink, env) && (env.NO_COLOR === undefined || env.NO_COLOR === '');
}
