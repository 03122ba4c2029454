import { afterAll, beforeAll, expect, test } from 'vitest';
import { fleet } from './app.ts';
import { type Cell, describeCells } from './cells.ts';
import { type House, openHouse, type Person } from './login-house.ts';
import type { Told } from './visitor.ts';

const { cell } = fleet();

const CELLS: readonly Cell[] = [
  ['express', 'sqlite'],
  ['express4', 'memory'],
  ['node', 'memory'],
  ['fetch', 'memory'],
];

/** Fields that are right, of every route that has some. */
const RIGHT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/login': { user: 'alice', password: 'alice-pass', remember: 'on', factor: 'false' },
  '/stepup': { code: '000000', remember: 'on' },
  '/confirm': { password: 'alice-pass' },
  '/password': { old: 'alice-pass', new: 'alice-pass' },
  '/sessions/revoke': { handle: 'x'.repeat(22) },
  '/transfer': { to: 'bob', amount: '1' },
};

const OPTIONAL = ['remember', 'factor'];

const CONTROL = 'a\0\r\n\t\u001b[31m\u0085\u202e\ud800 Set-Cookie: a=1';
/** As much as the application reads, and more than it does. */
const [LONG, TOO_LONG] = ['x'.repeat(1_000_000), 'x'.repeat(1_048_577)];

/** What may stand where a text should. */
const WRONG: readonly unknown[] = [
  [],
  ['alice', 'bob'],
  ['alice-pass'],
  {},
  { $ne: null },
  { $gt: '' },
  { toString: 'x', length: 3 },
  null,
  7,
  CONTROL,
  LONG,
];

/** What a text may well be, and then the route does what it does. */
function isRight(field: string, value: unknown): boolean {
  if (field === 'to') return value === CONTROL || value === LONG;
  return field === 'amount' ? value === 7 : field === 'new' && value === CONTROL;
}

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

describeCells(CELLS, (adapter, store) => {
  let house: House;
  let visitor: Person;
  let pending: Person;
  beforeAll(async () => {
    house = await openHouse(await cell(adapter, store));
    [visitor, pending] = [house.newVisitor(), house.newVisitor()];
    await visitor.login('alice');
    await pending.login('bob', { factor: true });
  });
  afterAll(() => house?.stop());

  const send = (path: string, headers: Record<string, string>, body: string): Promise<Told> =>
    (path === '/stepup' ? pending : visitor).ask({ method: 'POST', path, headers, body });

  for (const [path, right] of Object.entries(RIGHT)) {
    test(`${path}: whatever stands in its fields is a 4xx, and nothing is stored`, async () => {
      const before = await house.held();
      const told: [what: string, status: number, cookies: number][] = [];
      const note = (what: string, { status, setCookie }: Told) => told.push([what, status, setCookie.length]);
      for (const field of Object.keys(right)) {
        const { [field]: own = '', ...rest } = right;
        if (!OPTIONAL.includes(field)) note(`${field} missing`, await send(path, JSON_TYPE, JSON.stringify(rest)));
        for (const value of WRONG) {
          if (isRight(field, value)) continue;
          const what = `${field} ${JSON.stringify(value).slice(0, 40)}`;
          note(what, await send(path, JSON_TYPE, JSON.stringify({ ...right, [field]: value })));
        }
        const pair = `&${field}=${own}`;
        note(`${field} doubled`, await send(path, FORM_TYPE, `${new URLSearchParams(rest)}${pair}${pair}`));
        // A box that is not ticked is no wrong one.
        if (OPTIONAL.includes(field)) continue;
        note(`${field}[$ne]`, await send(path, FORM_TYPE, `${new URLSearchParams(rest)}&${field}[$ne]=`));
      }
      for (const body of ['[]', '{"user"', '7', '"alice"', `{"user":"${TOO_LONG}"}`]) {
        note(`body ${body.slice(0, 10)}`, await send(path, JSON_TYPE, body));
      }
      for (const [what, status, cookies] of told) {
        expect([what, status >= 400 && status < 500, cookies]).toEqual([what, true, 0]);
      }
      expect(await house.held()).toEqual(before);
    });
  }

  test('next is ignored where it is no path of ours, and stored nowhere', async () => {
    const bob = house.newVisitor();
    for (const next of [...WRONG, `/${LONG}`]) {
      const told = await bob.post('/login', { user: 'bob', password: 'bob-pass', next });
      expect([told.status, told.json.next]).toEqual([200, '/']);
    }
    expect(JSON.stringify(await house.held())).not.toMatch(/xxxx|Set-Cookie|next/);
    expect((await bob.post('/login', { user: 'bob', password: 'bob-pass', next: TOO_LONG })).status).toBe(413);
  });
});
