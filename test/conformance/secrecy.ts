import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createSessions } from '../../src/index.ts';
import { handleOf } from '../../src/keys/ids.ts';
import { storeFromUrl } from '../../src/url.ts';
import { called } from '../support/servers/program.ts';
import { Browser } from '../support/visit.ts';
import type { App, Env, Fleet } from './app.ts';
import { tell, Visitor } from './visitor.ts';

/** A store that is looked into, and whose wire is listened to. */
export interface Watched {
  /** Of an application on it, over that wire. */
  readonly settings: Env;
  /** What went over the wire, as latin1; undefined where there is none. */
  readonly heard?: () => string;
  /** Every key, field and file that the store holds, each by itself. */
  held(): readonly string[] | Promise<readonly string[]>;
  stop(): Promise<void>;
}

interface Target {
  readonly watch: () => Promise<Watched>;
  /** Why its server is not here. */
  readonly missing?: string | undefined;
  /** Why it has no owners. */
  readonly ownerless?: string;
}

const NAME = '__Host-session';
const OWNER = 'ann@x.example';
/** A ticket that nobody gave out is looked for, and is no secret; in a log it would still be a way to log in later. */
const MADE = Buffer.alloc(32, 'made up by nobody').toString('base64url');
/** Longer cookies no browser sends. */
const LONGEST = 4000;

/** What no store may hold and no wire may carry: tickets, ids and names of owners, through the reference application. */
export function testSecrecy(name: string, { watch, missing, ownerless }: Target, start: Fleet['start']): void {
  describe.skipIf(missing !== undefined)(called(`what ${name} holds and hears`, missing), () => {
    let watched: Watched;
    let app: App;
    const tickets = new Set<string>();
    let alive: Visitor;
    beforeAll(async () => {
      watched = await watch();
      app = await start({ ADAPTER: 'node', ...watched.settings });
      alive = await visitEverywhere(app.port, tickets);
    }, 90_000);
    afterAll(async () => {
      await app?.stop();
      await watched?.stop();
    });

    test('is nowhere the value of a cookie or its id, be the session alive, moved, emptied or ended', async () => {
      expect(tickets.size).toBeGreaterThan(8);
      const held = await watched.held();
      const keys = keysIn(held);
      expect(keys.length).toBeGreaterThan(4);
      // It was listened to.
      if (watched.heard !== undefined) expect(keys.filter((key) => !watched.heard?.().includes(key))).toEqual([]);
      for (const ticket of tickets) expectNowhere(ticket, watched, held);
    });

    test.skipIf(ownerless !== undefined)(
      called('is nowhere the name of an owner but in the data that the handler itself wrote', ownerless),
      async () => {
        const ownerOf = (data: { user?: unknown }): string | undefined => (data.user === undefined ? undefined : OWNER);
        const { SESSION_URI = '', SESSION_KEY_PREFIX: prefix } = watched.settings;
        const store = () => storeFromUrl(SESSION_URI, prefix === undefined ? {} : { prefix });
        const sessions = createSessions({ store, ownerOf });
        onTestFinished(() => sessions.close());
        const before = (await watched.held()).length;
        await new Browser(sessions).visit((session) => session.set('user', 7));
        expect(await sessions.listFor(OWNER)).toHaveLength(1);
        const held = await watched.held();
        expect(held.length).toBeGreaterThan(before);
        expectNowhere(OWNER, watched, held);
      },
    );

    test('is nothing that is worth anything as a cookie', async () => {
      const stolen = new Set((await watched.held()).flatMap(cookiesFrom));
      expect(stolen.size).toBeGreaterThan(20);
      for (const cookie of stolen) {
        const thief = await tell(app.port, { path: '/keys', headers: { Cookie: `${NAME}=${cookie}` } });
        // What cannot be a ticket at all is taken away.
        const given = thief.setCookie.filter((line) => !line.startsWith(`${NAME}=;`));
        expect([cookie, thief.status, thief.json, given]).toEqual([cookie, 200, { keys: [] }, []]);
      }
      // And the one that is worth something still is.
      expect((await alive.get('/keys')).json).toEqual({ keys: ['a', 'b'] });
    }, 60_000);
  });
}

/** Makes sessions of every fate, and notes every cookie on the way. The visitor given back has the keys a and b. */
async function visitEverywhere(port: number, tickets: Set<string>): Promise<Visitor> {
  const visit = async (...acts: ((visitor: Visitor) => Promise<unknown>)[]): Promise<Visitor> => {
    const visitor = new Visitor(port);
    for (const act of acts) {
      await act(visitor);
      tickets.add(visitor.jar.get(NAME) ?? '');
    }
    return visitor;
  };
  const set = (k: string) => (visitor: Visitor) => visitor.post('/set', { k, v: 'x' });
  const alive = await visit(set('a'), set('b'), (visitor) => visitor.get('/get?k=a'));
  await visit(set('a'), (visitor) => visitor.post('/regenerate', { keep: true }), set('b'));
  await visit(set('a'), set('user'), (visitor) => visitor.post('/incr', { k: 'n' }));
  await visit(set('a'), (visitor) => visitor.post('/clear'));
  await visit(set('a'), (visitor) => visitor.post('/destroy'));
  await visit(set('a'), (visitor) => visitor.post('/permanent', { on: true }));
  const stranger = new Visitor(port);
  stranger.jar.store([`${NAME}=${MADE}; Secure; Path=/`]);
  await stranger.post('/set', { k: 'a', v: 1 });
  for (const ticket of [MADE, stranger.jar.get(NAME) ?? '', (await visit(set('a'))).jar.get(NAME) ?? '']) {
    tickets.add(ticket);
  }
  tickets.delete('');
  return alive;
}

function expectNowhere(secret: string, watched: Watched, held: readonly string[]): void {
  const texts = [...held, watched.heard?.() ?? ''];
  for (const spelling of spellings(secret)) {
    // Only where: what was heard is long.
    expect([spelling, texts.findIndex((text) => text.includes(spelling))]).toEqual([spelling, -1]);
  }
}

/** A secret as text, and the bytes that it stands for and consists of as others might write them down. */
function spellings(secret: string): string[] {
  const id = Buffer.from(secret, 'base64url');
  const text = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    ...[id, text].flatMap((bytes) => [bytes.toString('hex'), bytes.toString('hex').toUpperCase()]),
    ...[id, text].flatMap(inBase64),
    id.toString('latin1'),
  ];
}

/** As it stands in the base64 of something larger, which may begin one or two bytes earlier. */
function inBase64(bytes: Buffer): string[] {
  return [0, 1, 2].map((before) => {
    const coded = Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    return coded.slice(before === 0 ? 0 : before + 1, -1);
  });
}

/** The keys of records among what is held. */
function keysIn(held: readonly string[]): string[] {
  return [...new Set(held.flatMap((text) => text.match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g) ?? []))];
}

/** What a thief of the store would try: all as it is, what is in it, and what could be made of it. */
function cookiesFrom(text: string): string[] {
  const keys = keysIn([text]);
  const made = keys.flatMap((key) => [key, Buffer.from(key, 'hex').toString('base64url'), handleOf(key)]);
  const tokens = text.match(/[\w-]{16,}/g) ?? [];
  return [text, text.slice(0, 43), ...made, ...tokens]
    .filter((cookie) => cookie.length <= LONGEST)
    .map((cookie) => cookie.replaceAll(/[^\x20-\x3a\x3c-\x7e]/g, '').trim())
    .filter((cookie) => cookie !== '');
}
