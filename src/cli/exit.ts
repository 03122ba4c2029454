import { CoatcheckError, type ErrorCode } from '../errors.ts';

/** What the command answers to whoever started it. docs/cli.md has the same table. */
export const EXIT = {
  /** It was done. */
  done: 0,
  /** The store failed or did not answer, or a record could not be copied. */
  failed: 1,
  /** Wrong words, options, settings or secrets: nothing was begun. */
  usage: 2,
  /** There is no such session, or the cookie is none of ours. */
  nothing: 3,
  /** The store cannot do this at all. */
  unable: 4,
  /** Ctrl-C: what was begun was brought to a good end. 128 and the number of SIGINT, as shells count. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  OPTION_INVALID: EXIT.usage,
  OPTION_UNKNOWN: EXIT.usage,
  OWNERS_UNSUPPORTED: EXIT.unable,
  SCAN_UNSUPPORTED: EXIT.unable,
  SECRET_REQUIRED: EXIT.usage,
  SECRET_WEAK: EXIT.usage,
  SETTING_INVALID: EXIT.usage,
  STORE_URL_INVALID: EXIT.usage,
  USAGE: EXIT.usage,
};

export function exitCodeOf(error: unknown): ExitCode {
  return (error instanceof CoatcheckError ? BY_CODE[error.code] : undefined) ?? EXIT.failed;
}

/** The command was called wrongly. `what` is a sentence without its full stop, and quotes nothing that may be secret. */
export function usage(what: string): CoatcheckError {
  return new CoatcheckError('USAGE', `${what}.`);
}
