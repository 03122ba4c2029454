import { describe, expect, test } from 'vitest';
import { Client } from '../../src/interface/client.ts';
import type { SessionRequest } from '../../src/interface/contract.ts';
import { type ProxyOptions, readProxyRules } from '../../src/interface/proxy.ts';
import { request } from '../support/visit.ts';

const PROXY = '10.0.0.1';
const REAL = '198.51.100.7';

type Headers = Record<string, string | undefined>;

/** Repeated fields arrive as Node and Fetch join them. */
function client(options: ProxyOptions, headers: Headers, over: Partial<SessionRequest> = {}): Client {
  const header = (name: string) => headers[name];
  return new Client(request(undefined, { address: PROXY, secure: false, header, ...over }), readProxyRules(options));
}

const xff = (list: string, rest: Headers = {}): Headers => ({ 'x-forwarded-for': list, ...rest });
const addressOf = (options: ProxyOptions, headers: Headers, address = PROXY) =>
  client(options, headers, { address }).address;

describe('R73: forwarded information is ignored unless the peer is trusted', () => {
  const forged: Headers = {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-forwarded-host': 'evil.example',
    forwarded: 'for=203.0.113.9;proto=https;host=evil.example',
    host: 'app.example',
  };
  const untrusting: ProxyOptions[] = [
    {},
    { trustProxy: 0 },
    { trustProxy: [] },
    { trustProxy: '10.0.0.2' },
    { trustProxy: ['loopback', '192.168.0.0/16'], proxyHeader: 'forwarded' },
    { proxyHeader: 'forwarded' },
  ];

  test.each(untrusting)('with %j a direct request says what its connection says', (options) => {
    const { address, secure, host } = client(options, forged);
    expect({ address, secure, host }).toEqual({ address: PROXY, secure: false, host: 'app.example' });
  });

  test('a peer that is not known is in no network', () => {
    expect(client({ trustProxy: 'uniquelocal' }, xff(REAL), { address: undefined }).address).toBeUndefined();
    expect(client({ trustProxy: 1 }, xff(REAL), { address: undefined }).address).toBe(REAL);
  });

  test.each([
    true,
    false,
    -1,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    65,
    null,
    {},
    'true',
    '1',
    '',
    'proxy',
    '10.0.0.0/33',
  ])('trustProxy: %j is refused', (trustProxy) => {
    const read = () => readProxyRules({ trustProxy: trustProxy as never });
    expect(read).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(read).toThrow(/trustProxy/);
  });

  test.each(['0.0.0.0/0', '::/0', '::ffff:0.0.0.0/96'])('everybody (%s) is refused, as true is', (network) => {
    expect(() => readProxyRules({ trustProxy: ['loopback', network] })).toThrow(/is everybody/);
    expect(() => readProxyRules({ trustProxy: true as never })).toThrow(/whatever a visitor writes/);
  });

  test('the other options are checked too', () => {
    expect(() => readProxyRules({ proxyHeader: 'x-real-ip' as never })).toThrow(/proxyHeader must be/);
    for (const publicOrigin of ['app.example', 'https://app.example/', 'https://app.example/x', 'ftp://a.example', 1]) {
      expect(() => readProxyRules({ publicOrigin: publicOrigin as never })).toThrow(/publicOrigin must be/);
    }
  });
});

describe('R74: the address is the rightmost one that is not trusted', () => {
  const walks: [what: string, trustProxy: NonNullable<ProxyOptions['trustProxy']>, list: string, address: string][] = [
    ['one hop takes the last', 1, `1.1.1.1, ${REAL}`, REAL],
    ['two hops skip a proxy', 2, `1.1.1.1, ${REAL}, 10.0.0.2`, REAL],
    ['a network skips its proxies', 'uniquelocal', `1.1.1.1, ${REAL}, 10.0.0.2, 192.168.1.1`, REAL],
    ['networks by comma', '10.0.0.1, 192.0.2.0/24', `${REAL}, 192.0.2.200`, REAL],
    ['an untrusted proxy is the client', '10.0.0.1', `${REAL}, 10.0.0.2`, '10.0.0.2'],
    ['trusted to the end: the leftmost', 'uniquelocal', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['more hops than entries: the leftmost', 5, REAL, REAL],
    ['repeated headers, joined', 2, `1.1.1.1, ${REAL},10.0.0.2`, REAL],
    ['spaces and tabs', 1, `1.1.1.1 , \t${REAL}  `, REAL],
    ['a port', 1, `${REAL}:51234`, REAL],
    ['IPv6', 1, '2001:DB8:0::1', '2001:db8::1'],
    ['IPv6 in brackets', 1, '[2001:db8::1]', '2001:db8::1'],
    ['IPv6 in brackets with a port', 1, '[2001:db8::1]:443', '2001:db8::1'],
    ['IPv6 in quotes', 1, '"[2001:db8::1]:443"', '2001:db8::1'],
    ['IPv4 as IPv6', 1, `::ffff:${REAL}`, REAL],
    ['a trusted proxy as IPv6', '10.0.0.0/8', `${REAL}, ::ffff:10.0.0.2`, REAL],
    ['unknown ends the walk', 3, `${REAL}, unknown, 10.0.0.2`, '10.0.0.2'],
    ['a made-up name ends it', 3, `${REAL}, _gateway, 10.0.0.2`, '10.0.0.2'],
    ['nothing between commas ends it', 3, `${REAL}, , 10.0.0.2`, '10.0.0.2'],
    ['a wrong port ends it', 1, `${REAL}:99999`, PROXY],
    ['a word ends it', 1, 'localhost', PROXY],
    ['a leading zero ends it', 1, '198.051.100.7', PROXY],
    ['a zone ends it', 1, 'fe80::1%eth0', PROXY],
    ['half a bracket ends it', 1, '[2001:db8::1', PROXY],
    ['IPv4 in brackets ends it', 1, `[${REAL}]`, PROXY],
    ['an empty header', 1, '', PROXY],
    ['a visitor’s quote reaches no further than its own entry', 1, `"1.1.1.1, ${REAL}`, REAL],
  ];

  test.each(walks)('%s', (_what, trustProxy, list, address) => {
    expect(addressOf({ trustProxy }, xff(list))).toBe(address);
  });

  test('without the header the trusted peer itself is the client', () => {
    expect(addressOf({ trustProxy: 1 }, {})).toBe(PROXY);
  });

  test('a thousand entries cost what is walked, and no more than 64', () => {
    const forged = Array.from({ length: 1000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    expect(addressOf({ trustProxy: 1 }, xff([...forged, REAL].join(', ')))).toBe(REAL);
    expect(addressOf({ trustProxy: 'uniquelocal' }, xff(forged.join(', ')))).toBe(forged.at(-64));
    for (const nasty of ['"', '\\"', ',', '"\\', ' ', ';', 'for="', '=', '[', ':']) {
      const start = performance.now();
      const text = nasty.repeat(100_000);
      client({ trustProxy: 64 }, xff(text, { forwarded: text })).address;
      client({ trustProxy: 64, proxyHeader: 'forwarded' }, { forwarded: text }).address;
      client({ trustProxy: 64, proxyHeader: 'forwarded' }, { forwarded: `for=${REAL};${text}` }).host;
      expect(performance.now() - start, nasty).toBeLessThan(5000);
    }
  });

  test('the peer’s own spelling is normalised too', () => {
    expect(addressOf({}, {}, '::FFFF:192.0.2.1')).toBe('192.0.2.1');
    expect(addressOf({}, {}, 'fe80::1%eth0')).toBe('fe80::1');
    expect(addressOf({}, {}, 'a\r\nb')).toBeUndefined();
    expect(addressOf({ trustProxy: 'loopback' }, xff(REAL), '::ffff:127.0.0.1')).toBe(REAL);
  });
});

describe('Forwarded (RFC 7239)', () => {
  const options: ProxyOptions = { trustProxy: 2, proxyHeader: 'forwarded' };
  const walks: [what: string, list: string, address: string][] = [
    ['an IPv4 address', `for=${REAL}`, REAL],
    ['with other parameters, in any order and case', `proto=https;By=203.0.113.43;FOR=${REAL};host=a`, REAL],
    ['quoted with a port', `for="${REAL}:47011"`, REAL],
    ['quoted with a made-up port', `for="${REAL}:_port"`, REAL],
    ['IPv6 in quotes and brackets', 'for="[2001:DB8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['IPv6 without quotes, as some write it', 'for=[2001:db8::1]:80', '2001:db8::1'],
    ['a quoted character', `for="198.51.100.\\7"`, REAL],
    ['two elements', `for=1.1.1.1, for=${REAL}, for=10.0.0.2`, REAL],
    ['two elements in two fields', `for=${REAL},for=10.0.0.2`, REAL],
    ['a comma in quotes divides nothing', `for=1.1.1.1, for=${REAL};ext="a, for=2.2.2.2", for=10.0.0.2`, REAL],
    ['a semicolon in quotes divides nothing', `for=${REAL};ext="a;for=2.2.2.2", for=10.0.0.2`, REAL],
    ['empty pairs', `;for=${REAL};;, ;for=10.0.0.2;`, REAL],
    ['unknown ends the walk', `for=${REAL}, for=unknown, for=10.0.0.2`, '10.0.0.2'],
    ['a made-up name ends it', `for=${REAL}, for="_gazonk", for=10.0.0.2`, '10.0.0.2'],
    ['no for ends it', 'for=1.1.1.1, proto=https', PROXY],
    ['for twice in one element ends it', `for=${REAL};for=1.1.1.1`, PROXY],
    ['a broken pair ends it', `for=${REAL};proto`, PROXY],
    ['a space before the sign of equality ends it', `for =${REAL}`, PROXY],
    ['a visitor’s open quote reaches no further than its own element', `for="1.1.1.1, for=${REAL}, for=10.0.0.2`, REAL],
    ['nor does one that is escaped', `for="x\\", for=${REAL}, for=10.0.0.2`, REAL],
    ['addresses alone are another header’s', REAL, PROXY],
  ];

  test.each(walks)('%s', (_what, forwarded, address) => {
    expect(addressOf(options, { forwarded })).toBe(address);
  });
});

describe('R75: protocol and host pass the same gate as the address', () => {
  const said = (options: ProxyOptions, headers: Headers, over: Partial<SessionRequest> = {}) => {
    const { secure, host } = client(options, { host: 'inner.example', ...headers }, over);
    return [secure, host];
  };

  test('the value of the nearest trusted proxy counts, the one that it appended', () => {
    const headers = xff(REAL, { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'evil.example, App.example' });
    expect(said({ trustProxy: 1 }, headers)).toEqual([false, 'app.example']);
    const forwarded = `for=1.1.1.1;proto=https;host=evil.example, for=${REAL};proto=http;host=app.example:8080`;
    expect(said({ trustProxy: 1, proxyHeader: 'forwarded' }, { forwarded })).toEqual([false, 'app.example:8080']);
    expect(said({ trustProxy: 1 }, xff(REAL, { 'x-forwarded-proto': 'http, HTTPS' }))[0]).toBe(true);
    expect(said({ trustProxy: 1 }, xff(REAL, { 'x-forwarded-proto': 'wss' }))[0]).toBe(true);
  });

  test('what a proxy does not say is what the connection says', () => {
    expect(said({ trustProxy: 1 }, xff(REAL), { secure: true })).toEqual([true, 'inner.example']);
    expect(said({ trustProxy: 1 }, xff(REAL, { 'x-forwarded-proto': 'yes' }))).toEqual([false, 'inner.example']);
    expect(said({ trustProxy: 1 }, xff(REAL, { 'x-forwarded-proto': 'http' }), { secure: true })[0]).toBe(false);
  });

  test('with publicOrigin no header is needed, and none is believed', () => {
    const forged = xff(REAL, { 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example', host: 'evil.example' });
    for (const trustProxy of [0, 1]) {
      expect(said({ trustProxy, publicOrigin: 'https://app.example' }, forged)).toEqual([true, 'app.example']);
      expect(said({ trustProxy, publicOrigin: 'http://a.example:8080' }, forged)).toEqual([false, 'a.example:8080']);
    }
  });
});

describe('R76: the two families are not mixed', () => {
  const both = (forwarded: string): Headers =>
    xff(REAL, { forwarded, 'x-forwarded-proto': 'https', 'x-forwarded-host': 'app.example', host: 'inner.example' });
  const seen = (options: ProxyOptions, headers: Headers) => {
    const { address, secure, host } = client(options, headers);
    return [address, secure, host];
  };

  test('the other family is not read', () => {
    expect(addressOf({ trustProxy: 1 }, { forwarded: `for=${REAL}` })).toBe(PROXY);
    expect(addressOf({ trustProxy: 1, proxyHeader: 'forwarded' }, xff(REAL))).toBe(PROXY);
    expect(seen({ trustProxy: 1 }, both('proto=http;host=evil.example'))).toEqual([REAL, true, 'app.example']);
  });

  test('where they agree on the client, the chosen one counts', () => {
    const headers = both(`for="${REAL}:80";proto=http;host=evil.example`);
    expect(seen({ trustProxy: 1 }, headers)).toEqual([REAL, true, 'app.example']);
    expect(seen({ trustProxy: 1, proxyHeader: 'forwarded' }, headers)).toEqual([REAL, false, 'evil.example']);
  });

  test.each(['for=1.1.1.1', 'for=unknown', 'for', 'for="', `for=${REAL}, for=1.1.1.1`, `for=${REAL};for=1.1.1.1`])(
    'where they disagree (%s), nothing that was forwarded is believed',
    (forwarded) => {
      const headers = both(forwarded);
      const believed = forwarded === 'for';
      expect(seen({ trustProxy: 1 }, headers)).toEqual(
        believed ? [REAL, true, 'app.example'] : [PROXY, false, 'inner.example'],
      );
      expect(seen({ trustProxy: 1, proxyHeader: 'forwarded' }, headers)).toEqual([PROXY, false, 'inner.example']);
    },
  );
});

describe('R77: a host is a host before anybody uses it', () => {
  const hostOf = (host: string | undefined, over: Partial<SessionRequest> = {}) => client({}, { host }, over).host;

  test.each([
    'app.example',
    'APP.example:8080',
    'localhost',
    '127.0.0.1:3000',
    '[::1]:3000',
    'a_b.example',
    'a.example.',
  ])('%s is one', (host) => expect(hostOf(host)).toBe(host.toLowerCase()));

  const NO_HOSTS = [
    ...[
      '',
      'a.example/x?y',
      'a.example?x',
      'a.example#x',
      'u@a.example',
      'a.example, b.example',
      'a example',
      '.a.example',
    ],
    ...[
      'a.example:',
      'a.example:port',
      'a.example:123456',
      '[::1',
      '::1',
      'a.example\r\nX: y',
      'ä.example',
      '%61.example',
    ],
    ...['https://a.example', 'a\\b', `${'a'.repeat(300)}.example`, undefined],
  ];

  test.each(NO_HOSTS)('%j is none', (host) => expect(hostOf(host)).toBeUndefined());

  test('nor is there one where the target is a whole URL, and what a proxy writes is checked as well', () => {
    expect(hostOf('app.example', { path: 'http://evil.example/' })).toBeUndefined();
    expect(
      client({ trustProxy: 1 }, xff(REAL, { 'x-forwarded-host': 'a/b', host: 'app.example' })).host,
    ).toBeUndefined();
  });
});

test('nothing is computed before somebody asks', () => {
  const asked: string[] = [];
  const watched = new Proxy(request(), {
    get(target, name) {
      asked.push(String(name));
      return Reflect.get(target, name);
    },
  });
  const untrusting = new Client(watched, readProxyRules({}));
  expect(asked).toEqual([]);
  expect([untrusting.address, untrusting.secure]).toEqual(['127.0.0.1', true]);
  expect(asked).toEqual(['address', 'secure']);
});
