import { randomBytes } from 'node:crypto';
import { rawCommands } from '../client.mjs';
import { cookieValue } from '../cookie.mjs';
import { dataOf } from '../data.mjs';
import { plainly } from '../rates.mjs';

/** A session by hand, as an application would write it: one raw GET, one raw SET, no protection of any kind. */
export function floor({ send, client, driver, size }) {
  const { get, set, del } = rawCommands(driver, client);
  const keyOf = (req) => `floor:${cookieValue(req, 'sid')}`;
  const born = async (res, data) => {
    const id = randomBytes(32).toString('base64url');
    await set(`floor:${id}`, JSON.stringify(data));
    res.setHeader('Set-Cookie', `sid=${id}; Path=/; HttpOnly; SameSite=Lax`);
  };
  const verbs = {
    async open(req) {
      return JSON.parse((await get(keyOf(req))) ?? '{}');
    },
    save: (session, req) => set(keyOf(req), JSON.stringify(session)),
    end: (req) => del(keyOf(req)),
    async login(req, res, user) {
      await del(keyOf(req));
      await born(res, { user });
    },
    incrementPlainly: plainly,
  };
  return {
    verbs,
    handlers: {
      async read(req, res) {
        const data = JSON.parse(await get(keyOf(req)));
        send(res, data.user);
      },
      async write(req, res) {
        const key = keyOf(req);
        const data = JSON.parse(await get(key));
        data.visits += 1;
        await set(key, JSON.stringify(data));
        send(res, String(data.visits));
      },
      async login(req, res) {
        const key = keyOf(req);
        JSON.parse(await get(key));
        await del(key);
        await born(res, { user: 'ann' });
        send(res, 'ann');
      },
      async seed(_req, res) {
        await born(res, dataOf(size));
        send(res, 'seeded');
      },
    },
  };
}
