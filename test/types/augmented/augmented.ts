import { createSessions, type Session, session } from 'coatcheck';
import { same } from '../same.ts';

declare module 'coatcheck' {
  interface SessionData {
    user: string;
    visits: number;
    cart: { items: string[] };
  }
}

// The ambient session knows the keys, and every key may be missing.
same<typeof session.user, string | undefined>(true);
same<typeof session.cart, { items: string[] } | undefined>(true);
session.user = 'ann';
session.user = undefined;
delete session.user;
session.cart?.items.push('tea');
session.set('visits', 1).set('user', 'ann').assign({ visits: 2 });
session.update('visits', (n = 0) => n + 1);
const visits: number = session.get('visits', 0);

// @ts-expect-error: not a string
session.user = 1;
// @ts-expect-error: no such key
session.usr = 'ann';
// @ts-expect-error: no such key
session.get('usr');
// @ts-expect-error: not a number
session.set('visits', 'one');
// @ts-expect-error: not a number
session.assign({ visits: 'one' });

// Without a type of its own an instance has the augmented one.
const sessions = createSessions({ ownerOf: (data) => data.user });
type Opened = NonNullable<Awaited<ReturnType<typeof sessions.open>>>;
same<Opened, Session>(true);
// An explicit type is not mixed with it.
const other: Session<{ n: number }> = null as never;
// @ts-expect-error: no such key
other.user;

export { visits };
