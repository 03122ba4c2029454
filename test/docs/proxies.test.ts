import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Client } from '../../src/interface/client.ts';
import { type ProxyOptions, readProxyRules } from '../../src/interface/proxy.ts';
import type { Session } from '../../src/session/types.ts';
import { Browser, request } from '../support/visit.ts';
import { block, pageBlocks, root, run } from './blocks.ts';

const PAGE = 'docs/proxies.md';
const text = readFileSync(join(root, PAGE), 'utf8');

/** The cells of the table under a heading, by their first one. */
function table(heading: string): Map<string, readonly string[]> {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)];
  return new Map(
    rows.map(([, first = '', rest = '']) => [first, rest.split(' | ').map((cell) => cell.replaceAll('`', ''))]),
  );
}

const via = (headers: Record<string, string>, address = '10.0.0.1') => ({
  address,
  secure: false,
  header: (name: string) => headers[name],
});
const client = (options: ProxyOptions, headers: Record<string, string>) =>
  new Client(request(undefined, via(headers)), readProxyRules(options));

const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  'Behind a proxy': async () => {
    const { behindOne, behindMany } = await run(block(PAGE, 'Behind a proxy'));
    for (const sessions of [behindOne, behindMany]) {
      const browser = new Browser<Session>(sessions);
      await browser.visit((session) => session.set('n', 1), via({}));
      expect(browser.cookie).toBeDefined();
    }
  },
  'Binding a session to an address': async () => {
    const { sessions } = await run(block(PAGE, 'Binding a session to an address'));
    const browser = new Browser<Session>(sessions);
    const [home, away] = ['198.51.100.7', '203.0.113.9'].map((list) => via({ 'x-forwarded-for': list }));
    await browser.visit((session) => session.set('n', 1), home);
    await browser.visit((session) => expect(session.n).toBe(1), home);
    await browser.visit((session) => expect(session.n).toBeUndefined(), away);
  },
};

test.each(Object.entries(CHECKS))('docs/proxies.md: %s', async (_name, check) => {
  await check();
});

test('every block of docs/proxies.md is run', () => {
  expect(pageBlocks(PAGE).map(({ name }) => name)).toEqual(Object.keys(CHECKS));
});

test('the options of docs/proxies.md are those of the source, with their defaults', () => {
  const options = table('Behind a proxy');
  expect([...options.keys()]).toEqual(['trustProxy', 'proxyHeader', 'publicOrigin']);
  const { header, origin, none } = readProxyRules({});
  expect([options.get('proxyHeader')?.[0], options.get('publicOrigin')?.[0]]).toEqual([header, origin ?? 'none']);
  expect([options.get('trustProxy')?.[0], none]).toEqual(['nobody', true]);
  const most = Number(/0 to (\d+)/.exec(options.get('trustProxy')?.[1] ?? '')?.[1]);
  expect(() => readProxyRules({ trustProxy: most })).not.toThrow();
  expect(() => readProxyRules({ trustProxy: most + 1 })).toThrow(`0 to ${most}`);
  for (const word of options.get('trustProxy')?.[1]?.match(/loopback|linklocal|uniquelocal/g) ?? []) {
    expect(readProxyRules({ trustProxy: word }).none).toBe(false);
  }
});

test('the headers of docs/proxies.md are read with their family, and no others', () => {
  const said: Readonly<Record<string, readonly [value: string, read: (from: Client) => unknown, found: unknown]>> = {
    'X-Forwarded-For': ['1.1.1.1, 198.51.100.7', ({ address }) => address, '198.51.100.7'],
    'X-Forwarded-Proto': ['http, https', ({ secure }) => secure, true],
    'X-Forwarded-Host': ['evil.example, app.example', ({ host }) => host, 'app.example'],
    Forwarded: [
      'for=1.1.1.1;proto=http, for=198.51.100.7;proto=https',
      ({ address, secure }) => [address, secure],
      ['198.51.100.7', true],
    ],
    Host: ['app.example', ({ host }) => host, 'app.example'],
  };
  const headers = table('What is read');
  expect([...headers.keys()]).toEqual(Object.keys(said));
  for (const [name, [value, read, found]] of Object.entries(said)) {
    for (const proxyHeader of ['x-forwarded', 'forwarded'] as const) {
      const family = headers.get(name)?.[0];
      const seen = read(client({ trustProxy: 1, proxyHeader }, { [name.toLowerCase()]: value }));
      if (family === 'always' || family === proxyHeader) expect(seen, name).toEqual(found);
      else expect(seen, name).not.toEqual(found);
      if (family !== 'always')
        expect(read(client({ proxyHeader }, { [name.toLowerCase()]: value })), name).not.toEqual(found);
    }
  }
});
