import { type Attack, outcome } from '../attack.ts';
import { Browser } from '../browser.ts';

const FORBIDDEN = ['__proto__', 'constructor', 'prototype'];
/** Methods and fields of the session object, of both libraries. */
const MEMBERS = ['cookie', 'save', 'regenerate', 'reload', 'destroy', 'touch', 'id', 'req', 'get', 'set', 'handle'];

const TEST = 'test/session/dictionary.test.ts';

/** The application takes a key from the visitor: `session[key] = value`. */
export const keys: readonly Attack[] = [
  {
    name: 'Keys of a prototype',
    tried: `\`session[key] = { admin: true }\` for the keys ${FORBIDDEN.map((key) => `\`${key}\``).join(', ')}; then \`session.admin\` and \`({}).admin\` are read. Pollution is a success, and so is a request that stays without an answer.`,
    test: [TEST, '%s is refused as a key by every verb'],
    async run({ start }) {
      const target = await start();
      const wrote = await Promise.all(
        FORBIDDEN.map(async (key) => {
          const ann = new Browser(target);
          await ann.login('ann');
          const answer = await ann.submitJson('/set', { key, value: { admin: true } });
          return { key, status: answer?.status, text: answer?.text ?? '' };
        }),
      );
      const everybody = wrote.some(({ text }) => text.includes('"everybody":true'));
      const admin = everybody || wrote.some(({ text }) => text.includes('"admin":true'));
      const who = everybody ? 'everything is admin' : admin ? 'the session is admin' : 'nothing is admin';
      return outcome(admin || wrote.some(({ status }) => status === undefined), [who, ...told(wrote)].join('; '));
    },
  },
  {
    name: 'Keys that are methods',
    tried: `\`session[key] = 'x'\` for the keys ${MEMBERS.map((key) => `\`${key}\``).join(', ')}, each by a visitor of its own, who then logs out. A request that stays without an answer is a success.`,
    test: [TEST, 'session.%s cannot be assigned or deleted, and set, get and delete keep data under it'],
    async run({ start }) {
      const target = await start();
      const wrote = await Promise.all(
        MEMBERS.map(async (key) => {
          const ann = new Browser(target);
          await ann.login('ann');
          const { status } = (await ann.submit('/set', { key, value: 'x' })) ?? {};
          await ann.submit('/logout', {});
          return { key, status, still: (await ann.visit('/me'))?.text };
        }),
      );
      const left = wrote.every(({ still }) => still === '{"user":null}') ? 'all log out' : 'not all can log out';
      const bad = wrote.some(({ status }) => status === undefined) || left !== 'all log out';
      return outcome(bad, [left, ...told(wrote)].join('; '));
    },
  },
];

/** A request without an answer keeps its connection; one that is refused harms nobody. */
function told(wrote: readonly { readonly key: string; readonly status: number | undefined }[]): string[] {
  const list = (wanted: (status: number | undefined) => boolean) =>
    wrote.flatMap(({ key, status }) => (wanted(status) ? [`\`${key}\``] : [])).join(', ');
  const silent = list((status) => status === undefined);
  const refused = list((status) => status !== undefined && status >= 400);
  return [silent === '' ? [] : `no answer to ${silent}`, refused === '' ? [] : `an error for ${refused}`].flat();
}
