/**
 * Every error that coatcheck throws, by its stable code, with the HTTP status an answer gets when nobody catches it.
 * `docs/errors.md` says for each what happened and what to do; a test holds the two together.
 */
export const ERROR_STATUS = {
  CODEC_RESERVED: 500,
  COOKIE_INVALID: 500,
  CSRF_FOREIGN: 403,
  CSRF_TOKEN_INVALID: 403,
  CSRF_TOKEN_MISSING: 403,
  DOCUMENT_NEWER: 500,
  DOCUMENT_UNREADABLE: 500,
  DRIVER_MISSING: 500,
  EXPIRY_INVALID: 500,
  KEY_FORBIDDEN: 400,
  KEY_RESERVED: 500,
  LOGIN_METHOD: 405,
  LOGIN_REQUIRED: 401,
  LOGIN_STALE: 401,
  OPTION_INVALID: 500,
  OPTION_UNKNOWN: 500,
  OWNERS_UNSUPPORTED: 501,
  RANDOM_BROKEN: 500,
  SCAN_UNSUPPORTED: 501,
  SECRET_REQUIRED: 500,
  SECRET_WEAK: 500,
  SESSION_CLOSED: 500,
  SESSION_CONFLICT: 503,
  SESSION_GONE: 409,
  SESSION_HEADERS_SENT: 500,
  SESSION_NOT_LOADED: 500,
  SESSION_OUTSIDE_REQUEST: 500,
  SESSION_READ_ONLY: 503,
  SESSION_REPLACED: 500,
  SESSION_TOO_LARGE: 413,
  SESSION_UNAVAILABLE: 500,
  SETTING_INVALID: 500,
  STORE_DOWN: 503,
  STORE_FAILED: 503,
  STORE_TIMEOUT: 503,
  STORE_URL_INVALID: 500,
  TAG_INVALID: 500,
  UPDATE_ASYNC: 500,
  USAGE: 500,
  USER_NOT_LOADED: 500,
  USER_UNNAMED: 500,
  VALUE_UNSUPPORTED: 500,
} as const;

/** The stable name of an error; switch on this, never on the message. */
export type ErrorCode = keyof typeof ERROR_STATUS;

/** Whether a write that failed may have been stored all the same. */
export type Outcome = 'none' | 'unknown';

export interface CoatcheckErrorOptions {
  /** What went wrong below, if anything did. */
  cause?: unknown;
  /** Given where a write may have happened. */
  outcome?: Outcome;
  /** Only for store errors: whether the same call may succeed when made again. Default false. */
  retryable?: boolean;
}

/**
 * The one error class. `code` is stable, `status` is the HTTP status for the answer, the message says what to do and
 * never contains an id, a cookie or a secret.
 *
 * @example
 * try { await session.save(); } catch (error) {
 *   if (error instanceof CoatcheckError && error.code === 'SESSION_GONE') return res.redirect('/login');
 *   throw error;
 * }
 */
export class CoatcheckError extends Error {
  readonly code: ErrorCode;
  /** HTTP status: what Express, Fastify and our own error answers use. */
  readonly status: number;
  /** `'unknown'`: a write was sent and never answered; it may have been stored. */
  readonly outcome?: Outcome;
  /** Whether the core may make the same store call again. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: CoatcheckErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CoatcheckError';
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.retryable = options.retryable ?? false;
    if (options.outcome !== undefined) this.outcome = options.outcome;
  }
}
