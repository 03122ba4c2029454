import type { Given } from './given.ts';
import type { Said } from './said.ts';
import { readSwitch, switchOf, wrong } from './values.ts';

/** What the settings say about the visitor's address, the proxies before us, and static paths. */
export function protectionSaid(given: Given): Said[] {
  const said: Said[] = [];
  const protection = given.get('SESSION_PROTECTION');
  if (protection !== undefined) {
    said.push({ path: ['bind'], value: bindOf('SESSION_PROTECTION', protection), setting: 'SESSION_PROTECTION' });
  }
  const proxies = given.get('SESSION_REVERSE_PROXY');
  if (proxies !== undefined) {
    said.push({ path: ['trustProxy'], value: proxiesOf(proxies), setting: 'SESSION_REVERSE_PROXY' });
  }
  const files = given.get('SESSION_STATIC_FILE');
  if (files !== undefined) {
    const value = readSwitch('SESSION_STATIC_FILE', files);
    said.push({ path: ['staticFiles'], value, setting: 'SESSION_STATIC_FILE' });
  }
  return said;
}

/** Two libraries share this name: Quart-Session's is a switch, Flask-Login's a word or None. */
function bindOf(name: string, text: string): 'none' | 'ip' {
  const word = text.toLowerCase();
  if (word === 'basic' || word === 'strong') {
    throw wrong(
      name,
      "is refused: basic and strong are Flask-Login's, and come with createLogin; here write true or false",
    );
  }
  if (word === 'none') return 'none';
  return readSwitch(name, text) ? 'ip' : 'none';
}

/** One hop, as Quart-Session means it; a number of hops; or the addresses of the proxies. */
function proxiesOf(text: string): number | readonly string[] {
  const one = switchOf(text);
  if (one !== undefined) return one ? 1 : 0;
  return /^\d+$/.test(text) ? Number(text) : text.split(',').map((part) => part.trim());
}
