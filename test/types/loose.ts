import { createSessions, type Session, session } from 'coatcheck';
import { any, same } from './same.ts';

// Nothing is augmented here: every key is allowed and holds anything.
session.user = 'ann';
session.user = { id: 1 };
session.cart.items.push('tea');
any<typeof session.user>(true);
any<ReturnType<typeof session.pop>>(true);
session.set('anything', 1).set('more', {}).assign({ whatever: [] });
session.update('n', (n = 0) => n + 1);
const text: string = session.get('text');
const keys: string[] = session.keys();

// Members win over keys.
same<typeof session.isNew, boolean>(true);
same<typeof session.handle, string | undefined>(true);
same<typeof session.expiresAt, Date | undefined>(true);
any<typeof session.save>(false);
session.permanent = true;
// @ts-expect-error: facts are read-only
session.isNew = false;
// @ts-expect-error: a key is a text
session.set({ user: 'ann' });
// @ts-expect-error: for several keys there is assign
session.update({ user: 'ann' });
// @ts-expect-error: permanent is true or false
session.permanent = 'yes';
// @ts-expect-error: a callback of save takes an error, not a number
session.save((count: number) => count);

async function acts(): Promise<void> {
  await session.save();
  await session.save((error) => void error);
  await session.regenerate({ keep: ['cart'] });
  await session.regenerate({ keep: true }, () => undefined);
  await session.regenerate(() => undefined);
  // @ts-expect-error: keep is a boolean or a list
  await session.regenerate({ keep: 'cart' });
  any<Awaited<ReturnType<typeof session.take>>>(true);
  for (const [key, value] of session) {
    same<typeof key, string>(true);
    same<typeof value, unknown>(true);
  }
}

const sessions = createSessions();
type Opened = NonNullable<Awaited<ReturnType<typeof sessions.open>>>;
same<Opened, Session>(true);

export { acts, keys, text };
