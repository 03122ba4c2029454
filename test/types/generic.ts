import { createSessions, type Session } from 'coatcheck';
import { same } from './same.ts';

interface Data {
  user: string;
  visits: number;
  cart: { items: string[] };
  /** May be missing, as every key may; never stored as undefined. */
  theme?: 'dark' | 'light';
  /** Named like members: only the verbs reach them. */
  keys: number;
  handle: boolean;
}

const sessions = createSessions<Data>({ ownerOf: (data) => data.user });
type Opened = NonNullable<Awaited<ReturnType<typeof sessions.open>>>;
same<Opened, Session<Data>>(true);

export async function use(session: Opened): Promise<void> {
  // Properties: every key may be missing, and undefined deletes.
  same<typeof session.user, string | undefined>(true);
  same<typeof session.cart, { items: string[] } | undefined>(true);
  same<typeof session.theme, 'dark' | 'light' | undefined>(true);
  session.user = 'ann';
  session.user = undefined;
  session.theme = 'dark';
  session.theme = undefined;
  delete session.theme;
  session.cart?.items.push('tea');
  // @ts-expect-error: may be missing
  session.cart.items.push('tea');
  // @ts-expect-error: not a string
  session.user = 1;
  // @ts-expect-error: not one of the themes
  session.theme = 'blue';
  // @ts-expect-error: no such key
  session.usr = 'ann';
  // @ts-expect-error: no such key
  void session.id;

  // Members win over keys of the same name.
  same<ReturnType<typeof session.keys>, (keyof Data)[]>(true);
  same<typeof session.handle, string | undefined>(true);
  session.set('keys', 5).set('handle', true);
  const keys: number = session.get('keys', 0);
  // @ts-expect-error: a member is no key
  session.keys = 5;

  // get, with and without a fallback.
  const visits = session.get('visits');
  same<typeof visits, number | undefined>(true);
  const sure = session.get('visits', 0);
  same<typeof sure, number>(true);
  const either = session.get('visits', null);
  same<typeof either, number | null>(true);
  // @ts-expect-error: no such key
  session.get('visit');
  // @ts-expect-error: no such key
  session.has('visit');

  // set and assign.
  session.set('visits', 1).set('user', undefined).assign({ visits: 2, user: undefined, theme: 'light' });
  // @ts-expect-error: not a number
  session.set('visits', '1');
  // @ts-expect-error: not a number
  session.assign({ visits: '1' });
  // @ts-expect-error: no such key
  session.assign({ visit: 1 });

  // setDefault gives what is there.
  const cart = session.setDefault('cart', { items: [] });
  same<typeof cart, { items: string[] }>(true);
  // @ts-expect-error: there is no default of nothing
  session.setDefault('cart', undefined);

  // update: returns, changes in place, is never a promise.
  session.update('visits', (n = 0) => n + 1);
  session.update('cart', (found) => {
    found?.items.push('milk');
  });
  session.update('cart', emptied);
  // @ts-expect-error: push gives a number, which is no cart
  session.update('cart', (found) => found?.items.push('milk') ?? 0);
  // @ts-expect-error: not a number
  session.update('visits', () => 'one');
  // @ts-expect-error: a promise is no value
  session.update('visits', async () => 1);

  // take and pop.
  const taken = await session.take('visits');
  same<typeof taken, number | undefined>(true);
  const popped = session.pop('cart');
  same<typeof popped, { items: string[] } | undefined>(true);
  const instead = session.pop('user', null);
  same<typeof instead, string | null>(true);

  for (const [key] of session) same<typeof key, keyof Data>(true);
  void keys;
}

/** A function declared to give nothing may change the copy too. */
function emptied(cart: { items: string[] } | undefined): void {
  cart?.items.splice(0);
}

// A type whose keys are any text keeps the members.
export function record(session: Session<Record<string, number>>): void {
  same<typeof session.isNew, boolean>(true);
  same<typeof session.anything, number | undefined>(true);
  session.set('anything', 1);
  // @ts-expect-error: not a number
  session.set('anything', 'one');
}

// Sessions of one shape are no sessions of another.
export function mixed(session: Session<{ n: number }>): void {
  // @ts-expect-error: n is no text
  const other: Session<{ n: string }> = session;
  void other;
}
