import { CoatcheckError, type Outcome } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
  /** The system says so before it does anything. */
  readonly refused?: boolean;
}

const FULL = 'the disk is full: make room';
const RIGHTS = 'this process may not do that: give it the right to read and write the folder and all below it';
const FOREIGN = 'something that is no record of coatcheck lies in its place: give coatcheck a folder of its own';
const OPEN_FILES = 'too many files are open: raise the limit of open files';

/** What the codes of the system mean here (errno(3)). */
const KINDS: Readonly<Record<string, Kind>> = {
  EACCES: { advice: RIGHTS, refused: true },
  EDQUOT: { advice: FULL, refused: true },
  EEXIST: { advice: FOREIGN, refused: true },
  EFBIG: { advice: 'the system allows no file of that size (ulimit -f)', refused: true },
  EIO: { advice: 'the disk failed: look at the disk and its file system' },
  EISDIR: { advice: FOREIGN, refused: true },
  ELOOP: { advice: FOREIGN, refused: true },
  EMFILE: { advice: OPEN_FILES, refused: true, retryable: true },
  ENAMETOOLONG: { advice: 'this file system takes no names of 170 characters: use another one', refused: true },
  ENFILE: { advice: OPEN_FILES, refused: true, retryable: true },
  ENOENT: { advice: 'the folder, or a part of it, went away', refused: true, retryable: true },
  ENOSPC: { advice: FULL, refused: true },
  ENOTDIR: { advice: FOREIGN, refused: true },
  EPERM: { advice: RIGHTS, refused: true },
  EROFS: { advice: 'the file system is read-only', refused: true },
  EXDEV: { advice: 'a part of the folder is on another file system: keep all of it on one', refused: true },
};

/**
 * What a call to the system failed with, as an error of ours: names the store, the verb and what to do. The cause
 * keeps no path, for that ends in a key.
 *
 * @param outcome what is true where the system may have done it
 * @param begun the record was written before, so that nothing is `'none'` any more
 */
export function fileFailure(error: unknown, verb: string, outcome: Outcome, begun = false): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { code = '', syscall = '' } = error as NodeJS.ErrnoException;
  const kind = KINDS[code];
  return new CoatcheckError(
    'STORE_FAILED',
    `File store, ${verb}: ${kind?.advice ?? 'the system failed: see `cause`'}.`,
    {
      cause: Object.assign(new Error(`${code || 'unknown'} ${syscall}`.trim()), { code, syscall }),
      outcome: kind?.refused && !begun ? 'none' : outcome,
      retryable: kind?.retryable === true,
    },
  );
}

/** Another error than those of the system. */
export function fileError(verb: string, what: string, retryable = false): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `File store, ${verb}: ${what}.`, { outcome: 'none', retryable });
}

/** What was found is no record, or a part of one. */
export function foreign(verb: string): CoatcheckError {
  return fileError(verb, FOREIGN);
}

/** For walks: what is not ours harms nothing but its own place. Anything else is thrown again. */
export function noneIfForeign(error: unknown): undefined {
  if (error instanceof CoatcheckError && error.cause === undefined) return undefined;
  throw error;
}

/** For walks: one place that cannot be read stops nothing; the first failure is kept, to be told at the end. */
export class Faults {
  #first: { readonly error: unknown } | undefined;

  /** What the act says; undefined where it failed. */
  async past<T>(act: Promise<T>): Promise<T | undefined> {
    try {
      return await act;
    } catch (error) {
      this.#first ??= { error };
      return undefined;
    }
  }

  /** Throws the first failure, if there was one. */
  tell(): void {
    if (this.#first !== undefined) throw this.#first.error;
  }
}

/** Somebody else was faster each time. */
export function overtaken(verb: string): CoatcheckError {
  return fileError(verb, 'others changed the record again and again', true);
}

/** The label is there and its document is not, or not all of it. */
export function damaged(verb: string): CoatcheckError {
  return fileError(verb, 'the record is damaged, as after a power cut: bring it back from a copy, or end the session');
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
