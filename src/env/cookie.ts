import type { SameSite } from '../cookie/grammar.ts';
import type { Given } from './given.ts';
import type { Said } from './said.ts';
import { readSwitch, readWord } from './values.ts';

const SAME_SITE: readonly SameSite[] = ['lax', 'strict', 'none'];

/** What the settings say about the cookie. Flask's `None` of SameSite is the word and not the absence. */
export function cookieSaid(given: Given): Said[] {
  const said: Said[] = [];
  const take = (name: string, member: string, read: (name: string, text: string) => unknown): void => {
    const text = given.get(name);
    if (text !== undefined) said.push({ path: ['cookie', member], value: read(name, text), setting: name });
  };
  const asIs = (_name: string, text: string): string => text;
  take('SESSION_COOKIE_NAME', 'name', asIs);
  take('SESSION_COOKIE_DOMAIN', 'domain', asIs);
  // Flask: the root of the application is the path of its cookie, unless that has one of its own.
  take(given.has('SESSION_COOKIE_PATH') ? 'SESSION_COOKIE_PATH' : 'APPLICATION_ROOT', 'path', asIs);
  take('SESSION_COOKIE_SECURE', 'secure', readSwitch);
  take('SESSION_COOKIE_SAMESITE', 'sameSite', (name, text) => readWord(name, text, SAME_SITE));
  take('SESSION_COOKIE_PARTITIONED', 'partitioned', readSwitch);
  return said;
}
