import { describe, expect, test } from 'vitest';
import { KeyRing } from '../../src/keys/ring.ts';
import { seal } from '../../src/keys/seal.ts';
import { readSecrets } from '../../src/keys/secret.ts';
import { memoryStore } from '../../src/store/memory.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { Browser, request } from '../support/visit.ts';
import { codeOf, type Data, expiresIn, OLD_SECRET, SECRET, sealedSetup, ticketOf } from './harness.ts';

const ownerOf = (data: Data) => data.user;

describe('sealed sessions', () => {
  test('come back as they were, and nothing can be read in the cookie', async () => {
    const { browser } = sealedSetup();
    const data = { user: 'ann-the-visitor', cart: { items: ['tea', 'Grüße'] }, at: new Date(5), n: 1n };
    const changes = await browser.visit((session) => session.assign(data));
    expect(changes.setCookie[0]).toMatch(/^__Host-session=[\w-]+; Secure; HttpOnly; Path=\/; SameSite=Lax$/);
    expect(await browser.read((session) => session.toJSON())).toEqual(data);
    const raw = Buffer.from(ticketOf(browser.cookie), 'base64url').toString('latin1');
    for (const word of ['ann', 'tea', 'cart', 'meta', 'format']) expect(raw).not.toContain(word);
  });

  test('G4: reading without a cookie sets none, and reading a cookie does not send it again', async () => {
    const { browser } = sealedSetup();
    expect((await browser.visit((session) => session.user)).setCookie).toEqual([]);
    await browser.visit((session) => session.set('a', 1));
    expect(await browser.visit((session) => session.a)).toEqual({ setCookie: [], looked: true });
    expect(await browser.visit(() => undefined)).toEqual({ setCookie: [], looked: false });
    const { sessions } = sealedSetup();
    expect(sessions.open(request(browser.cookie, { path: '/static/x' }))).toBeUndefined();
  });

  test('with any byte changed, cut or added are no session and are deleted', async () => {
    const { browser, sessions, heard } = sealedSetup();
    await browser.visit((session) => session.set('user', 'ann'));
    const value = ticketOf(browser.cookie);
    const mutated = [`${value}A`, value.slice(0, -1), value.slice(4), `${value}=`, ''];
    for (let i = 0; i < value.length; i++) {
      const letter = value[i] === 'A' ? 'B' : 'A';
      mutated.push(value.slice(0, i) + letter + value.slice(i + 1));
    }
    for (const one of mutated) {
      const forged = new Browser(sessions, `__Host-session=${one}`);
      const changes = await forged.visit((session) => expect(session.keys()).toEqual([]));
      expect(changes.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
      expect(changes.error).toBeUndefined();
    }
    expect(heard('rejected')).toHaveLength(mutated.length);
  });

  test('made for another cookie name, purpose or secret are no session', async () => {
    const { sessions, browser } = sealedSetup();
    await browser.visit((session) => session.set('user', 'ann'));
    const other = sealedSetup({ cookie: { name: '__Host-other' } });
    await other.browser.visit((session) => session.set('user', 'ann'));
    const foreign = sealedSetup({ secret: OLD_SECRET });
    await foreign.browser.visit((session) => session.set('user', 'ann'));
    const purposes = ['flash', 'csrf'].map((purpose) =>
      seal(new KeyRing(readSecrets(SECRET, 'secret'), purpose, '__Host-session'), '1.2.x.t{}'),
    );
    for (const value of [ticketOf(other.browser.cookie), ticketOf(foreign.browser.cookie), ...purposes]) {
      const swapped = new Browser(sessions, `__Host-session=${value}`);
      expect(await swapped.read((session) => session.keys())).toEqual([]);
    }
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('what our own key sealed in another shape is no session either', async () => {
    const ring = new KeyRing(readSecrets(SECRET, 'secret'), 'session', '__Host-session');
    const id = 'A'.repeat(43);
    for (const text of ['', '{}', '1.2.3', `1.2.${id}.x{}`, `-1.9e99.${id}.t{}`, `1.NaN.${id}.t{}`]) {
      const { sessions } = sealedSetup();
      const browser = new Browser(sessions, `__Host-session=${seal(ring, text)}`);
      const changes = await browser.visit((session) => expect(session.keys()).toEqual([]));
      expect(changes.error).toBeUndefined();
    }
  });

  test('both time limits are inside the seal: a kept cookie dies at each', async () => {
    const { browser, clock, heard } = sealedSetup({ lifetime: { idle: '30m', absolute: '2h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    const kept = browser.clone();
    clock.tick({ ms: 30 * 60_000 - 1000 });
    expect(await browser.read((session) => session.user)).toBe('ann');
    clock.tick('1s');
    const changes = await kept.visit((session) => expect(session.keys()).toEqual([]));
    expect(changes.setCookie).toEqual([]);
    expect(heard('expired')).toHaveLength(1);
    for (let i = 0; i < 5; i++) {
      expect(await browser.read((session) => session.user)).toBe('ann');
      clock.tick('15m');
    }
    clock.tick('14m');
    expect(await browser.read((session) => session.user)).toBe('ann');
    clock.tick('1m');
    expect(await browser.read((session) => session.user)).toBeUndefined();
  });

  test('an expired or unreadable seal lends the next session neither its id nor its age', async () => {
    const { browser, clock, heard } = sealedSetup({ lifetime: { idle: '1h', absolute: '1h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    const before = await browser.read((session) => session.handle);
    const other = sealedSetup({
      schema: { '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [1] }) } },
    });
    const picky = new Browser(other.sessions, browser.cookie);
    other.clock.set(clock.now());
    await picky.visit((session) => session.set('a', 1));
    expect(other.heard('created')).toHaveLength(1);
    expect(other.heard('created')[0]?.handle).not.toBe(before);
    expect(heard('created')).toHaveLength(1);
  });

  test('are sealed again when use moved the limit, at most once per tenth of the idle time', async () => {
    const { browser, clock } = sealedSetup({ lifetime: { idle: '10m', absolute: '24h' } });
    await browser.visit((session) => session.set('user', 'ann'));
    let sent = 0;
    for (let i = 0; i < 18; i++) {
      clock.tick('10s');
      sent += (await browser.visit((session) => session.user)).setCookie.length;
    }
    expect(sent).toBe(3);
    clock.tick('9m');
    expect(await browser.read((session) => session.user)).toBe('ann');
  });

  test('are sealed again when the secret rotated, with the Expires of a permanent one, and die with their secret', async () => {
    const old = sealedSetup({ secret: OLD_SECRET });
    await old.browser.visit((session) => {
      session.set('user', 'ann');
      session.permanent = true;
    });
    const both = sealedSetup({ secret: [SECRET, OLD_SECRET] });
    const browser = new Browser(both.sessions, old.browser.cookie);
    const changes = await browser.visit(() => undefined);
    expect(changes.setCookie).toHaveLength(1);
    expect(expiresIn(changes)).toBeGreaterThan(both.clock.now());
    const fresh = sealedSetup();
    expect(await new Browser(fresh.sessions, browser.cookie).read((session) => session.user)).toBe('ann');
    expect(await new Browser(fresh.sessions, old.browser.cookie).read((session) => session.user)).toBeUndefined();
  });

  test('have 3800 octets of name and value: one byte more is SESSION_TOO_LARGE, 413, without a cookie', async () => {
    const fits = async (text: string) => {
      const { browser } = sealedSetup();
      const changes = await browser.visit((session) => session.set('a', text));
      if (changes.error !== undefined) {
        expect(changes).toMatchObject({ setCookie: [], error: { code: 'SESSION_TOO_LARGE', status: 413 } });
        return false;
      }
      expect(browser.cookie?.length).toBeLessThanOrEqual(3801);
      return true;
    };
    let low = 1000;
    let high = 4000;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (await fits('x'.repeat(middle))) low = middle;
      else high = middle;
    }
    expect(low).toBeGreaterThan(2500);
    expect(await fits('é'.repeat(low - 100))).toBe(false);
    expect(await fits('é'.repeat((low >> 1) - 50))).toBe(true);
  });

  test('keep their cookie when a later change does not fit', async () => {
    const { browser } = sealedSetup();
    await browser.visit((session) => session.set('user', 'ann'));
    const { cookie } = browser;
    const changes = await browser.visit((session) => session.set('big', 'x'.repeat(5000)));
    expect(changes).toMatchObject({ setCookie: [], error: { code: 'SESSION_TOO_LARGE' } });
    expect(browser.cookie).toBe(cookie);
  });

  test('refuse every write after the head, since no cookie can follow', async () => {
    const { browser, sessions } = sealedSetup();
    await browser.visit((session) => session.set('a', 1));
    const visit = await browser.begin();
    expect(visit.session.a).toBe(1);
    await visit.end();
    sessions.sent?.(visit.session, true);
    expect(() => visit.session.set('a', 2)).toThrow(expect.objectContaining({ code: 'SESSION_HEADERS_SENT' }));
    await expect(visit.session.take('a')).rejects.toMatchObject({ code: 'SESSION_HEADERS_SENT' });
    sessions.ended?.(visit.session);
    expect(() => visit.session.set('a', 2)).toThrow(expect.objectContaining({ code: 'SESSION_CLOSED' }));
  });

  test('rotate on regenerate and on a new identity, and delete their cookie when emptied', async () => {
    const { browser, heard } = sealedSetup();
    await browser.visit((session) => session.assign({ cart: 1 }));
    const first = await browser.read((session) => session.handle);
    await browser.visit((session) => session.set('user', 'ann'));
    const second = await browser.read((session) => session.handle);
    await browser.visit((session) => session.regenerate({ keep: ['user'] }));
    const third = await browser.read((session) => session.handle);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(heard('rotated')).toHaveLength(2);
    expect(heard('destroyed')).toEqual([]);
    expect(await browser.read((session) => session.toJSON())).toEqual({ user: 'ann' });
    expect((await browser.visit((session) => session.clear())).setCookie[0]).toContain('Max-Age=0');
  });

  test('with codecs of bytes come back too', async () => {
    const { browser } = sealedSetup({
      codec: {
        encode: (record) => new TextEncoder().encode(JSON.stringify(record)),
        decode: (document) => JSON.parse(new TextDecoder().decode(document as Uint8Array)),
      },
    });
    await browser.visit((session) => session.set('a', ['ü']));
    expect(await browser.read((session) => session.a)).toEqual(['ü']);
  });
});

describe('revocation', () => {
  test("'none': a copied cookie works after logout, as the type says, and no store exists", async () => {
    const { browser, sessions } = sealedSetup();
    await browser.visit((session) => session.set('user', 'ann'));
    const copied = browser.clone();
    const changes = await browser.visit((session) => session.destroy());
    expect(changes.setCookie[0]).toContain('Max-Age=0');
    expect(await copied.read((session) => session.user)).toBe('ann');
    await expect(sessions.revokeAll('ann')).rejects.toMatchObject({ code: 'OWNERS_UNSUPPORTED' });
  });

  test.each(['denylist', 'epoch'] as const)('%s: a copied cookie is dead after logout', async (revocation) => {
    const { browser, heard } = sealedSetup({ revocation, store: memoryStore(), ownerOf });
    await browser.visit((session) => session.set('user', 'ann'));
    const copied = browser.clone();
    await browser.visit((session) => session.destroy());
    const changes = await copied.visit((session) => {
      expect(session.keys()).toEqual([]);
      session.a = 1;
    });
    expect(changes.setCookie).toEqual([]);
    expect(heard('gone')).toHaveLength(1);
    expect(heard('destroyed')).toHaveLength(1);
  });

  test.each(['denylist', 'epoch'] as const)(
    '%s: a minute after the end, the browser that holds the dead cookie can log in again, the cookie stays dead',
    async (revocation) => {
      const { browser, clock } = sealedSetup({ revocation, store: memoryStore(), ownerOf });
      await browser.visit((session) => session.set('user', 'ann'));
      const copied = browser.clone();
      const dead = browser.clone();
      await browser.visit((session) => session.destroy());
      clock.tick('61s');
      expect(await dead.read((session) => session.user)).toBeUndefined();
      await copied.visit((session) => session.set('user', 'ann'));
      expect(await copied.read((session) => session.user)).toBe('ann');
      expect(await dead.read((session) => session.user)).toBeUndefined();
    },
  );

  test.each(['denylist', 'epoch'] as const)(
    '%s: who logs out and in again in one request is in',
    async (revocation) => {
      const { browser } = sealedSetup({ revocation, store: memoryStore(), ownerOf });
      await browser.visit((session) => session.set('user', 'ann'));
      const copied = browser.clone();
      await browser.visit(async (session) => {
        await session.destroy();
        session.user = 'ann';
      });
      expect(await browser.read((session) => session.user)).toBe('ann');
      expect(await copied.read((session) => session.user)).toBeUndefined();
    },
  );

  test('denylist: the seal that a rotation left is dead, too', async () => {
    const { browser } = sealedSetup({ revocation: 'denylist', store: memoryStore() });
    await browser.visit((session) => session.set('cart', 1));
    const copied = browser.clone();
    await browser.visit((session) => session.set('user', 'ann'));
    expect(await copied.read((session) => session.cart)).toBeUndefined();
    expect(await browser.read((session) => session.cart)).toBe(1);
  });

  test('epoch: revokeAll ends every session of one owner that began before, and no other', async () => {
    const { sessions, clock } = sealedSetup({ revocation: 'epoch', store: memoryStore(), ownerOf });
    const [one, two, bob] = [new Browser(sessions), new Browser(sessions), new Browser(sessions)];
    await one.visit((session) => session.set('user', 'ann'));
    await two.visit((session) => session.set('user', 'ann'));
    await bob.visit((session) => session.set('user', 'bob'));
    await one.visit((session) => session.regenerate({ keep: true }));
    expect(await two.read((session) => session.user)).toBe('ann');
    clock.tick('1s');
    await sessions.revokeAll('ann');
    clock.tick('1s');
    expect(await one.read((session) => session.user)).toBeUndefined();
    expect(await two.read((session) => session.user)).toBeUndefined();
    expect(await bob.read((session) => session.user)).toBe('bob');
    const three = new Browser(sessions);
    await three.visit((session) => session.set('user', 'ann'));
    expect(await three.read((session) => session.user)).toBe('ann');
  });

  test('a store that cannot be asked is a 503 for whoever looks, and the cookie stays', async () => {
    const store = faultyStore(memoryStore());
    const { browser } = sealedSetup({ revocation: 'denylist', store, deadline: { ms: 60 } });
    await browser.visit((session) => session.set('user', 'ann'));
    for (const fault of ['break', 'hang'] as const) {
      store.always('read', fault);
      const visit = await browser.begin();
      expect(() => visit.session.user).toThrow(expect.objectContaining({ status: 503 }));
      expect((await visit.end()).setCookie).toEqual([]);
      expect(await browser.visit(() => undefined)).toEqual({ setCookie: [], looked: false });
    }
  });

  test('a logout that cannot be remembered is a 503, and this browser’s cookie is deleted all the same', async () => {
    const store = faultyStore(memoryStore());
    const { browser } = sealedSetup({ revocation: 'denylist', store });
    await browser.visit((session) => session.set('user', 'ann'));
    store.always('create', 'break');
    const changes = await browser.visit((session) => session.destroy());
    expect(changes).toMatchObject({ error: { code: 'STORE_FAILED', status: 503 } });
    expect(changes.setCookie).toEqual([expect.stringContaining('Max-Age=0')]);
  });

  test('a rotation whose old seal cannot be revoked sends no cookie; caught and tried again, it is revoked', async () => {
    const store = faultyStore(memoryStore());
    const { browser } = sealedSetup({ revocation: 'denylist', store });
    await browser.visit((session) => session.set('cart', 1));
    const copied = browser.clone();
    store.next('create', 'break');
    const failed = await browser.visit((session) => session.set('user', 'ann'));
    expect(failed.setCookie).toEqual([]);
    expect(codeOf(failed.error)).toBe('STORE_FAILED');
    store.next('create', 'break');
    const changes = await browser.visit(async (session) => {
      session.user = 'ann';
      await expect(session.save()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    });
    expect(changes.error).toBeUndefined();
    expect(changes.setCookie).toHaveLength(1);
    expect(await copied.read((session) => session.cart)).toBeUndefined();
  });

  test('an ended session is revoked also where what followed it does not fit', async () => {
    const { browser } = sealedSetup({ revocation: 'denylist', store: memoryStore() });
    await browser.visit((session) => session.set('user', 'ann'));
    const copied = browser.clone();
    const changes = await browser.visit(async (session) => {
      await session.destroy();
      session.big = 'x'.repeat(5000);
    });
    expect(codeOf(changes.error)).toBe('SESSION_TOO_LARGE');
    expect(await copied.read((session) => session.user)).toBeUndefined();
  });
});
