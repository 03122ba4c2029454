import type { Given } from './given.ts';
import { wrong } from './values.ts';

const TABLE = 'SESSION_DYNAMODB_TABLE';
const REGION = 'SESSION_DYNAMODB_REGION';
const ENDPOINT = 'SESSION_DYNAMODB_ENDPOINT_URL';
const KEY_ID = 'SESSION_DYNAMODB_KEY_ID';
const SECRET = 'SESSION_DYNAMODB_SECRET';

/**
 * The URL that the SESSION_DYNAMODB_ settings spell out, and the first of them; undefined where none is set.
 *
 * @throws CoatcheckError `SETTING_INVALID`
 */
export function dynamodbIn(given: Given): { url: string; setting: string } | undefined {
  const setting = [TABLE, REGION, ENDPOINT, KEY_ID, SECRET].find((name) => given.has(name));
  if (setting === undefined) return undefined;
  const part = (name: string): string => encodeURIComponent(given.get(name) ?? '');
  if (given.has(KEY_ID) !== given.has(SECRET)) throw wrong(`${KEY_ID} and ${SECRET}`, 'go together: set both or none');
  if (!/^[a-z0-9-]*$/.test(given.get(REGION) ?? '')) throw wrong(REGION, 'must be a region, such as eu-west-1');
  const login = given.has(KEY_ID) ? `${part(KEY_ID)}:${part(SECRET)}@` : '';
  const endpoint = given.has(ENDPOINT) ? `?endpoint=${part(ENDPOINT)}` : '';
  return { url: `dynamodb://${login}${given.get(REGION) ?? ''}/${part(TABLE)}${endpoint}`, setting };
}
