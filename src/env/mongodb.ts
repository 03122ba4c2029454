import { agreed, type Given } from './given.ts';
import { wrong } from './values.ts';

/** Quart-Session's names beside Flask-Session's, which say the same. */
const URLS = ['SESSION_MONGODB', 'SESSION_MONGODB_URI'];
const COLLECTIONS = ['SESSION_MONGODB_COLLECT', 'SESSION_MONGODB_COLLECTION'];
const DATABASE = 'SESSION_MONGODB_DB';

/**
 * The URL that the SESSION_MONGODB_ settings spell out, and the first of them; undefined where none is set.
 *
 * @param uri what SESSION_URI says, to which database and collection may be added
 * @throws CoatcheckError `SETTING_INVALID`
 */
export function mongodbIn(given: Given, uri: string | undefined): { url: string; setting: string } | undefined {
  const setting = [...URLS, DATABASE, ...COLLECTIONS].find((name) => given.has(name));
  if (setting === undefined) return undefined;
  const said = agreed(given, URLS);
  if (said !== undefined && uri !== undefined && said !== uri) {
    throw wrong(`SESSION_URI and ${setting}`, 'name different stores. Leave one of them out');
  }
  const url = said ?? uri ?? 'mongodb://127.0.0.1:27017';
  if (!/^mongodb(\+srv)?:\/\//.test(url)) {
    if (!URLS.includes(setting)) throw wrong(setting, 'is for MongoDB, and SESSION_URI names another store');
    throw wrong(
      setting,
      'must be a URL that begins with mongodb:// or mongodb+srv://; a client goes into the option store',
    );
  }
  const words = { database: given.get(DATABASE), collection: agreed(given, COLLECTIONS) };
  checkWord(url, 'database', words.database, DATABASE);
  checkWord(url, 'collection', words.collection, COLLECTIONS.find((name) => given.has(name)) ?? '');
  return { url: withWords(url, words), setting };
}

function withWords(url: string, words: Readonly<Record<string, string | undefined>>): string {
  const said = Object.entries(words).flatMap(([name, text = '']) =>
    text === '' || new RegExp(`[?&]${name}=[^&#]`).test(url) ? [] : [`${name}=${encodeURIComponent(text)}`],
  );
  if (said.length === 0) return url;
  if (url.includes('?')) return `${url}&${said.join('&')}`;
  return `${url}${/:\/\/[^/]+\//.test(url) ? '' : '/'}?${said.join('&')}`;
}

/** What stands in the URL as well must be the same: one of the two would be passed over. */
function checkWord(url: string, name: string, text: string | undefined, setting: string): void {
  const said = new RegExp(`[?&]${name}=([^&#]+)`).exec(url)?.[1];
  if (text === undefined || said === undefined || said === encodeURIComponent(text)) return;
  throw wrong(`${setting} and the URL`, 'say different things. Leave one of them out');
}
