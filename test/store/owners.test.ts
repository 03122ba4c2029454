import { expect, test } from 'vitest';
import { createSessions, type Session } from '../../src/index.ts';
import { onEveryStore } from '../support/every-store.ts';
import { Browser } from '../support/visit.ts';

interface Data {
  user: string;
}

/** How the error of stores without owners calls those that have them. */
const CALLED: Readonly<Record<string, string>> = {
  MariaDB: 'MySQL',
  'Redis by redis': 'Redis',
  'Redis by ioredis': 'Redis',
};

await onEveryStore('the sessions of an owner', (open, name) => {
  test('are listed, ended one by one, all but one, and all with what else is the owner’s', async () => {
    const store = await open();
    const sessions = createSessions<Data>({ store, ownerOf: ({ user }) => user, sweep: false, deadline: '10s' });
    if (!store.capabilities.owners) {
      await expect(sessions.listFor('ann')).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
      return;
    }
    const login = async (user: string): Promise<Browser<Session<Data>>> => {
      const browser = new Browser<Session<Data>>(sessions);
      await browser.visit((session) => session.set('user', user));
      return browser;
    };
    const [one, two, three, bob] = await Promise.all([login('ann'), login('ann'), login('ann'), login('bob')]);
    const who = (browser: Browser<Session<Data>>) => browser.clone().read((session) => session.get('user'));
    expect(await sessions.listFor('ann')).toHaveLength(3);
    const handle = await one.read((session) => session.handle);
    expect(await sessions.revoke('ann', handle ?? '')).toBe(true);
    expect(await sessions.revoke('bob', (await two.read((session) => session.handle)) ?? '')).toBe(false);
    expect([await who(one), await who(two), await who(three)]).toEqual([undefined, 'ann', 'ann']);
    expect(await sessions.revokeAll('ann', { except: (await two.read((session) => session.handle)) ?? '' })).toBe(1);
    expect([await who(two), await who(three), await who(bob)]).toEqual(['ann', undefined, 'bob']);
    const carts = sessions.records<number>('carts');
    await carts.create('ann', 1, { expiresIn: '1h', owner: 'ann' });
    expect(await sessions.forgetOwner('ann')).toBe(2);
    expect([await who(two), await carts.get('ann'), await who(bob)]).toEqual([undefined, undefined, 'bob']);
    expect(await sessions.listFor('ann')).toEqual([]);
    expect(await sessions.listFor('bob')).toHaveLength(1);
  });

  test('or the error names every store that has such', async () => {
    if (!(await open()).capabilities.owners) return;
    const { ownersUnsupported } = await import('../../src/interface/owners.ts');
    expect(ownersUnsupported().message).toContain(CALLED[name] ?? name);
  });
});
