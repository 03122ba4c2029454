import { CoatcheckError, type Outcome } from '../errors.ts';

interface Kind {
  readonly advice: string;
  readonly retryable?: boolean;
}

const THROTTLED: Kind = { advice: 'DynamoDB throttles this table: raise its throughput', retryable: true };
const STRANGER: Kind = {
  advice: 'AWS does not know these credentials: look at the access key, its secret and the clock',
};
const EXPIRED: Kind = { advice: 'the credentials are expired: renew them' };
const DENIED: Kind = {
  advice: 'these credentials may not do that: docs/stores/dynamodb.md lists the actions to allow',
};
const CONTENDED: Kind = { advice: "another writer's transaction holds the item", retryable: true };

/** What DynamoDB answers with instead of doing anything, by the error's name. None of them has written. */
const REFUSALS: Readonly<Record<string, Kind>> = {
  ProvisionedThroughputExceededException: THROTTLED,
  ThrottlingException: THROTTLED,
  RequestLimitExceeded: THROTTLED,
  TransactionConflictException: CONTENDED,
  ReplicatedWriteConflictException: CONTENDED,
  ResourceNotFoundException: {
    advice:
      'there is no such table in this region: name another one, or make it by createTable() of coatcheck/store/dynamodb',
  },
  AccessDeniedException: DENIED,
  AccessDenied: DENIED,
  UnrecognizedClientException: STRANGER,
  InvalidSignatureException: STRANGER,
  MissingAuthenticationTokenException: STRANGER,
  IncompleteSignatureException: STRANGER,
  ExpiredTokenException: EXPIRED,
  ExpiredToken: EXPIRED,
  ValidationException: {
    advice:
      'DynamoDB does not take the call: does the table have the keys `pk` and `sk`, both text, as createTable() makes them?',
  },
};

/** Failures of the network by which nothing was sent. */
const NEVER_SENT = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|EADDRNOTAVAIL|EMFILE)$/;

/** Refusals by which something on the way may say that it gave up a call that arrived: timeout, too early, closed. */
const NO_PROOF: readonly number[] = [408, 425, 499];

/** What the SDK puts on its errors. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

/**
 * What the SDK threw, as an error of ours: names the store, the verb and what to do.
 *
 * @param outcome what is true where the call may have been done: `'unknown'` for a write
 * @param once the client is known to send each call once, so that an error need not say how often it was sent
 * @param begun an earlier call of this verb was already done, so that nothing is `'none'` any more
 */
export function dynamodbFailure(
  error: unknown,
  verb: string,
  outcome: Outcome,
  once = false,
  begun = false,
): CoatcheckError {
  if (error instanceof CoatcheckError) return error;
  const { name = '', message = '', code, $metadata } = (error ?? {}) as SdkError;
  const refusal = REFUSALS[name];
  const status = $metadata?.httpStatusCode ?? 0;
  const refused = refusal !== undefined || (status >= 400 && status < 500 && !NO_PROOF.includes(status));
  const unable = name === 'CredentialsProviderError' || /^(Region is missing|Credential is missing)/.test(message);
  const unsent = refused || unable || (typeof code === 'string' && NEVER_SENT.test(code));
  // A client that sent it several times tells only of the last time; without credentials it sends nothing at all.
  const certain = unsent && !begun && (attemptsOf(error) ?? (once || unable ? 1 : 0)) === 1;
  const advice = adviceFor(
    error,
    refusal ?? (status === 401 || status === 403 ? STRANGER : undefined),
    refused,
    unsent,
  );
  return new CoatcheckError('STORE_FAILED', `DynamoDB store, ${verb}: ${advice}.`, {
    cause: withoutSecrets(error),
    outcome: certain ? 'none' : outcome,
    retryable: refused || unable ? refusal?.retryable === true : true,
  });
}

/** How often it was sent; undefined where the error does not say so. */
export function attemptsOf(error: unknown): number | undefined {
  return (error as SdkError | null)?.$metadata?.attempts;
}

/** What was read is no record. */
export function foreign(verb: string): CoatcheckError {
  return new CoatcheckError(
    'STORE_FAILED',
    `DynamoDB store, ${verb}: what stands under this key is no record of coatcheck: give coatcheck a table of its own.`,
    { outcome: 'none' },
  );
}

/** What a batch left out for this time. */
export function unprocessed(): CoatcheckError {
  return new CoatcheckError('STORE_FAILED', `DynamoDB store, read: ${THROTTLED.advice}.`, {
    outcome: 'none',
    retryable: true,
  });
}

/** The condition of a write was not met. */
export function isUnmet(error: unknown): error is { readonly Item?: unknown } {
  return (error as SdkError | null)?.name === 'ConditionalCheckFailedException';
}

function adviceFor(error: unknown, refusal: Kind | undefined, refused: boolean, unsent: boolean): string {
  const { name = '', message = '' } = (error ?? {}) as SdkError;
  if (/ size .*has exceeded/i.test(message)) return 'an item of DynamoDB ends at 400 KB: keep less in a session';
  if (refusal !== undefined) return refusal.advice;
  if (name === 'CredentialsProviderError' || message.startsWith('Credential')) {
    return 'there are no AWS credentials: give `credentials`, or set them up for the AWS SDK';
  }
  if (message.startsWith('Region')) return 'there is no region: give `region`, or set AWS_REGION';
  if (refused) return 'DynamoDB refused the call: see `cause`';
  if (name === 'AbortError' || name === 'TimeoutError') return 'DynamoDB did not answer in time';
  return unsent ? 'DynamoDB cannot be reached now' : 'the connection broke before the answer came';
}

/** The error of the SDK holds the whole answer, and that to a wrong signature repeats the headers of the request. */
function withoutSecrets(error: unknown): Error {
  const { name, message = '', code } = (error instanceof Error ? error : new Error('unknown')) as NodeJS.ErrnoException;
  const told = new Error(
    message.replace(/\s*The Canonical String[\s\S]*/, '') || (typeof code === 'string' ? code : name),
  );
  told.name = name;
  return typeof code === 'string' ? Object.assign(told, { code }) : told;
}
