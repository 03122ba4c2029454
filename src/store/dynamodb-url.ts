import { CoatcheckError } from '../errors.ts';
import type { DynamodbPlace } from './dynamodb-client.ts';

/** What a URL says. */
export interface DynamodbTarget extends DynamodbPlace {
  readonly table: string | undefined;
}

const SHAPE =
  /^dynamodb:(?:\/\/(?:(?<login>[^@/?#]*)@)?(?<region>[^@/?#]*)(?:\/(?<table>[^?#]*))?)?(?:\?(?<query>[^#]*))?$/;

const FORMS =
  'A DynamoDB URL looks like dynamodb://eu-west-1/table, or dynamodb://key:secret@eu-west-1/table?endpoint=http://127.0.0.1:8000. Reserved characters of key and secret are written as %XX';

/**
 * Reads `dynamodb://key:secret@region/table?endpoint=http://host:port`. All but the scheme may be left out: region and
 * credentials are then found where the AWS SDK looks for them.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL: it may hold a secret
 */
export function parseDynamodbUrl(url: string): DynamodbTarget {
  const { login, region = '', table, query = '' } = SHAPE.exec(url)?.groups ?? invalidUrl(FORMS);
  if (region.includes(':') || region.includes('.')) {
    invalidUrl('After dynamodb:// comes a region; a server of your own is named by ?endpoint=http://127.0.0.1:8000');
  }
  if (!/^[a-z0-9-]*$/.test(region)) invalidUrl(FORMS);
  const words = new URLSearchParams(query);
  for (const word of words.keys()) {
    if (word !== 'endpoint') invalidUrl('Behind the table a DynamoDB URL says endpoint, and nothing else');
  }
  return {
    region: region || undefined,
    table: table ? decoded(table) : undefined,
    endpoint: words.get('endpoint') ?? undefined,
    credentials: login === undefined ? undefined : credentialsOf(login),
  };
}

function credentialsOf(login: string): DynamodbPlace['credentials'] {
  const [accessKeyId = '', secretAccessKey = '', ...more] = login.split(':').map(decoded);
  if (accessKeyId === '' || secretAccessKey === '' || more.length > 0) {
    invalidUrl('Before the @ of a DynamoDB URL come the access key and its secret, as in dynamodb://key:secret@region');
  }
  return { accessKeyId, secretAccessKey };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalidUrl(FORMS);
  }
}

function invalidUrl(message: string): never {
  throw new CoatcheckError('STORE_URL_INVALID', `DynamoDB store: ${message}.`);
}
