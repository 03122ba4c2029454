import { CoatcheckError } from '../errors.ts';
import type { DatastorePlace } from './datastore-client.ts';

/** What a URL says. */
export interface DatastoreTarget extends DatastorePlace {
  readonly kind?: string | undefined;
  readonly namespace?: string | undefined;
}

const SHAPE = /^datastore:(?:\/\/(?<project>[^/?#]*)(?:\/(?<kind>[^?#]*))?)?(?:\?(?<query>[^#]*))?$/;

const WORDS = ['namespace', 'database', 'endpoint'];

const FORMS =
  'A Datastore URL looks like datastore://project/kind?namespace=shop&database=sessions&endpoint=http://127.0.0.1:8081';

/**
 * Reads `datastore://project/kind?namespace=shop&database=name&endpoint=http://127.0.0.1:8081`. All but the scheme may
 * be left out: the project is then found where Google's client looks for it.
 *
 * @throws CoatcheckError `STORE_URL_INVALID`, without the URL
 */
export function parseDatastoreUrl(url: string): DatastoreTarget {
  const { project, kind, query = '' } = SHAPE.exec(url)?.groups ?? invalidUrl();
  if (project && !/^[a-z0-9][a-z0-9.:-]*$/i.test(project)) invalidUrl();
  const words = new URLSearchParams(query);
  for (const word of words.keys()) if (!WORDS.includes(word)) invalidUrl();
  return {
    project: project || undefined,
    kind: kind ? decoded(kind) : undefined,
    namespace: words.get('namespace') ?? undefined,
    database: words.get('database') ?? undefined,
    endpoint: words.get('endpoint') ?? undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return invalidUrl();
  }
}

function invalidUrl(): never {
  throw new CoatcheckError('STORE_URL_INVALID', `Datastore store: ${FORMS}.`);
}
