import { closedDocument } from '../../src/codec/closed.ts';
import { nativeCodec } from '../../src/codec/native.ts';
import { fetchSessions } from '../../src/http/fetch.ts';
import { createSessions } from '../../src/index.ts';
import { hashName, keyOf, newId } from '../../src/keys/ids.ts';
import type { Owner, Store } from '../../src/store/contract.ts';

/** Whose session it is. */
interface Visitor {
  user: string;
  visits: number;
}

/** What a crowd is made of, in parts of a hundred sessions. */
const EXPIRED = 2;
const CLOSED = 1;
const RECORDS = 5;
/** One session in so many belongs to somebody, who has this many in the mean. */
const OWNED = 2;
const EACH = 5;

export interface Crowd {
  /** Whether the store itself removes what is expired: some of it may be gone. */
  readonly forgets: boolean;
  /** Living sessions, those of `cookies` included. */
  readonly sessions: number;
  readonly expired: number;
  readonly closed: number;
  /** Records of the space `coupons`. */
  readonly records: number;
  /** Entries in lists of owners. */
  readonly index: number;
  /** Some names of owners. */
  readonly owners: readonly string[];
  /** Cookies of sampled visitors, and who each is. */
  readonly cookies: ReadonlyMap<string, string>;
}

const codec = nativeCodec();

/** Fills an empty store. The sampled visitors come through a real server; the others are written as it would. */
export async function gather(store: Store, sessions: number, sampled: number, now: number): Promise<Crowd> {
  const cookies = await visitors(store, sampled);
  const until = now + 86_400_000;
  const write = async (key: string, document: string, end: number, name?: string): Promise<void> => {
    const owner: Owner | undefined = name === undefined ? undefined : { name: hashName(name), until: end };
    await store.create(key, document, end, owner);
  };
  const documentOf = (n: number): string =>
    codec.encode({
      data: { user: `user-${n}`, visits: n, cart: ['tea', 'milk'], text: 'x'.repeat(200) },
      meta: { created: now, commits: 1, nonces: [newId().slice(0, 16)] },
    }) as string;
  const [expired, closed, records] = [EXPIRED, CLOSED, RECORDS].map((part) => Math.floor((sessions * part) / 100));
  const living = sessions - sampled;
  const owners = Math.ceil(living / OWNED / EACH);
  await inTurn(living, (n) =>
    write(keyOf(newId()), documentOf(n), until, n % OWNED === 0 ? `owner-${(n / OWNED) % owners}` : undefined),
  );
  await inTurn(expired ?? 0, (n) => write(keyOf(newId()), documentOf(n), now - 1000));
  await inTurn(closed ?? 0, (n) => write(keyOf(newId()), closedDocument(`nonce-${n}`), until));
  await inTurn(records ?? 0, (n) => write(`coupons:${keyOf(newId())}`, documentOf(n), until, `owner-${n % owners}`));
  return {
    forgets: store.sweep === undefined,
    sessions,
    expired: expired ?? 0,
    closed: closed ?? 0,
    records: records ?? 0,
    index: Math.ceil(living / OWNED) + (records ?? 0) + sampled,
    owners: Array.from({ length: Math.min(20, owners) }, (_, n) => `owner-${n}`),
    cookies,
  };
}

async function inTurn(count: number, act: (n: number) => Promise<void>): Promise<void> {
  let n = 0;
  const work = async (): Promise<void> => {
    while (n < count) await act(n++);
  };
  await Promise.all(Array.from({ length: 32 }, work));
}

/** A server on a store, as an application has it. */
function serverOn(store: Store): (cookie: string | undefined) => Promise<Response> {
  const sessions = createSessions<Visitor>({ store, ownerOf: ({ user }) => user, sweep: false });
  const serve = fetchSessions(sessions, async (_request, { session }) => {
    session.update('visits', (visits = 0) => visits + 1);
    session.user ??= `sampled-${crypto.randomUUID()}`;
    await session.save();
    return Response.json({ user: session.user, visits: session.visits });
  });
  return (cookie) =>
    serve(
      new Request('https://shop.example/', cookie === undefined ? {} : { headers: { cookie } }),
    ) as Promise<Response>;
}

async function visitors(store: Store, count: number): Promise<Map<string, string>> {
  const visit = serverOn(store);
  const cookies = new Map<string, string>();
  for (let n = 0; n < count; n++) {
    const answer = await visit(undefined);
    const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    cookies.set(cookie, ((await answer.json()) as Visitor).user);
  }
  return cookies;
}

/** How many of the sampled visitors come to a store and are known there, with what they had. */
export async function known(store: Store, cookies: Crowd['cookies']): Promise<number> {
  const visit = serverOn(store);
  let found = 0;
  for (const [cookie, user] of cookies) {
    const answer = (await (await visit(cookie)).json()) as Visitor;
    if (answer.user === user && answer.visits === 2) found++;
  }
  return found;
}

/** How many entries the lists of some owners have. */
export async function listed(store: Store, owners: readonly string[]): Promise<number> {
  const lists = await Promise.all(owners.map((owner) => store.listOwned?.(hashName(owner))));
  return lists.reduce((sum, list = []) => sum + list.length, 0);
}
