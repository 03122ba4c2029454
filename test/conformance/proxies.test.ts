import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type App, type Env, fleet, SEALED } from './app.ts';
import { ADAPTERS } from './cells.ts';
import { Visitor } from './visitor.ts';

const { start, cell } = fleet();

const HOME = '198.51.100.7';
const AWAY = '203.0.113.9';

/** Who the application says was there, from any address that a header names. */
class Walker {
  readonly visitor: Visitor;

  constructor(app: App) {
    this.visitor = new Visitor(app.port);
  }

  async set(headers: Record<string, string> = {}): Promise<void> {
    const json = { 'Content-Type': 'application/json', ...headers };
    await this.visitor.ask({ method: 'POST', path: '/set', headers: json, body: '{"k":"a","v":1}' });
  }

  /** Whether the session is found. */
  async found(headers: Record<string, string> = {}): Promise<boolean> {
    const { json } = await this.visitor.ask({ path: '/get?k=a', headers });
    return json.value === 1;
  }
}

const xff = (list: string) => ({ 'X-Forwarded-For': list });

describe.each([
  ...ADAPTERS.map((adapter) => [adapter, {}] as const),
  ['express4', {}] as const,
  ['express', SEALED] as const,
])('%s with BIND=ip and %j', (adapter, more) => {
  const running = (env: Env) => {
    const state = {} as { app: App };
    beforeAll(async () => {
      state.app = await start({ ...(await cell(adapter, 'memory')), BIND: 'ip', ...more, ...env });
    });
    afterAll(() => state.app.stop());
    return state;
  };

  describe('behind one trusted proxy', () => {
    const state = running({ TRUST_PROXY: '1' });

    test('another address finds nothing, and the session is over', async () => {
      const walker = new Walker(state.app);
      await walker.set(xff(HOME));
      expect(await walker.found(xff(`1.1.1.1, ${HOME}`))).toBe(true);
      expect(await walker.found(xff(AWAY))).toBe(false);
      if (more === SEALED) return;
      expect(await walker.found(xff(HOME))).toBe(false);
      await state.app.settle();
      expect(state.app.events.filter(({ reason }) => reason === 'address')).toMatchObject([{ address: AWAY }]);
    });

    test('what a visitor wrote on the left, and in the other family of headers, is not believed', async () => {
      for (const headers of [xff(`${HOME}, ${AWAY}`), { Forwarded: `for=${HOME}` }]) {
        const walker = new Walker(state.app);
        await walker.set(xff(HOME));
        expect(await walker.found(headers)).toBe(false);
      }
    });

    test('IPv6 counts by its /64', async () => {
      const walker = new Walker(state.app);
      await walker.set(xff('2001:db8:0:7::1'));
      expect(await walker.found(xff('[2001:DB8:0:7:ffff::2]:443'))).toBe(true);
      expect(await walker.found(xff('2001:db8:0:8::1'))).toBe(false);
    });
  });

  describe('behind proxies of a network that write Forwarded', () => {
    const state = running({ TRUST_PROXY: 'loopback, 10.0.0.0/8', TRUST_HEADER: 'forwarded' });

    test('the rightmost address that is no proxy counts', async () => {
      const walker = new Walker(state.app);
      await walker.set({ Forwarded: `for=${HOME}` });
      expect(await walker.found({ Forwarded: `for=1.1.1.1, for="${HOME}:80";proto=https, for=10.0.0.9` })).toBe(true);
      expect(await walker.found({ Forwarded: `for=${HOME}, for="[2001:db8::1]"` })).toBe(false);
    });
  });

  describe('with no trusted proxy', () => {
    const state = running({});

    test('forged headers change nothing', async () => {
      const walker = new Walker(state.app);
      await walker.set(xff(HOME));
      expect(await walker.found({ ...xff(AWAY), Forwarded: `for=${AWAY}` })).toBe(true);
      await state.app.settle();
      expect(new Set(state.app.events.map(({ address }) => address))).toEqual(new Set(['127.0.0.1']));
    });
  });
});
