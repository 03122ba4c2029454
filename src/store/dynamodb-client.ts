import { setMaxListeners } from 'node:events';
import { CoatcheckError } from '../errors.ts';
import type { Item } from './dynamodb-item.ts';

/** A client of `@aws-sdk/client-dynamodb` 3 or newer: `new DynamoDBClient()`, or `new DynamoDB()`. */
export interface DynamodbClient {
  send(command: object, options?: object): Promise<object>;
}

/** As AWS gives them; from a provider of yours they may change. */
export interface DynamodbCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Where the table is and who we are, as the SDK takes it. What is left out the SDK finds where it always does. */
export interface DynamodbPlace {
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly credentials?: DynamodbCredentials | (() => Promise<DynamodbCredentials>) | undefined;
}

/** What calls answer, as far as it is looked at. */
export interface Answer {
  readonly Item?: Item;
  /** What a write replaced or deleted. */
  readonly Attributes?: Item;
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Item[] }>>;
  readonly Table?: { readonly TableStatus?: string; readonly KeySchema?: readonly KeyElement[] };
  readonly TimeToLiveDescription?: { readonly TimeToLiveStatus?: string; readonly AttributeName?: string };
}

export interface KeyElement {
  readonly AttributeName?: string;
  readonly KeyType?: string;
}

type Verb = 'GetItem' | 'BatchGetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem' | 'Query' | 'Scan';
type TableVerb = 'CreateTable' | 'DescribeTable' | 'DescribeTimeToLive' | 'UpdateTimeToLive';

type Command = new (input: object) => object;
type Module = { readonly [V in Verb | TableVerb as `${V}Command`]: Command } & {
  readonly DynamoDBClient: new (config: object) => DynamodbClient & { destroy(): void };
};

/** How long establishing a connection may take, in milliseconds: below the two seconds of a request. */
const CONNECT_MS = 1500;
/**
 * When a call is given up, in milliseconds. Longer than a request's own deadline, by which the core learns that nobody
 * answers; and not much longer: what still waits for credentials, or for another attempt of the client's, is not to be
 * sent when nobody wants it any more.
 */
const CALL_MS = 5000;
/** The calls of so many milliseconds are given up together: to make a signal takes as long as a tenth of a call. */
const TOGETHER_MS = 250;

/** The client, and what makes commands for it. */
export class DynamodbDriver {
  readonly #client: DynamodbClient;
  readonly #module: Module;
  /** It is known to send each call once: a client of ours. */
  readonly once: boolean;
  #signal: AbortSignal | undefined;
  #since = 0;

  constructor(client: DynamodbClient, module: Module, once: boolean) {
    this.#client = client;
    this.#module = module;
    this.once = once;
  }

  send(verb: Verb | TableVerb, input: object): Promise<Answer> {
    const command = new this.#module[`${verb}Command`](input);
    const now = performance.now();
    // No timer tells when it is too old: after a freeze of the process those that are overdue run when they like.
    if (this.#signal === undefined || now - this.#since > TOGETHER_MS) {
      this.#signal = newSignal();
      this.#since = now;
    }
    return this.#client.send(command, { abortSignal: this.#signal });
  }
}

function newSignal(): AbortSignal {
  const controller = new AbortController();
  // Each call listens to it, and more than ten would be taken for a leak.
  setMaxListeners(0, controller.signal);
  unref(setTimeout(() => controller.abort(), CALL_MS + TOGETHER_MS));
  return controller.signal;
}

/** No process is kept alive by it. */
function unref(timer: unknown): void {
  (timer as { unref?(): void }).unref?.();
}

/** @throws CoatcheckError `DRIVER_MISSING` */
export async function loadModule(): Promise<Module> {
  const name = '@aws-sdk/client-dynamodb';
  try {
    return (await import(name)) as Module;
  } catch (cause) {
    throw new CoatcheckError('DRIVER_MISSING', `DynamoDB store: no driver was found. Run \`npm install ${name}\`.`, {
      cause,
    });
  }
}

/** A client of ours sends each call once, and keeps none until a connection is free. */
export function makeClient(
  module: Module,
  { region, endpoint, credentials }: DynamodbPlace,
): DynamodbClient & { destroy(): void } {
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  return new module.DynamoDBClient({
    ...(region !== undefined && { region }),
    ...(endpoint !== undefined && { endpoint }),
    ...(credentials !== undefined && { credentials }),
    maxAttempts: 1,
    requestHandler: { connectionTimeout: CONNECT_MS, httpAgent: agent, httpsAgent: agent },
  });
}
