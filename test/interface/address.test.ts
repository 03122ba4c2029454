import { isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressGroup, normalAddress, parseAddress } from '../../src/interface/address.ts';
import { isWithin, readNetworks } from '../../src/interface/networks.ts';

const SPELLINGS: readonly (readonly [normal: string, ...others: string[]])[] = [
  ['192.0.2.1', '::ffff:192.0.2.1', '::FFFF:192.0.2.1', '::ffff:c000:201', '0:0:0:0:0:ffff:c000:0201'],
  ['2001:db8::1', '2001:DB8::1', '2001:0db8:0:0:0:0:0:1', '2001:db8:0:0::1', '2001:db8::0:1', '2001:db8::0.0.0.1'],
  ['::', '0:0:0:0:0:0:0:0', '0::0', '0::'],
  ['::1', '0:0::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['2001:db8::1:0:0:1', '2001:db8:0:0:1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8::1:1:1:1:1'],
  ['fe80::1', 'fe80::1%eth0', 'fe80::1%25'],
  ['1::', '1:0:0:0:0:0:0:0'],
];

const NONE = [
  ...['', ' ', 'unknown', '_hidden', 'localhost', '1', '1.2.3', '1.2.3.4.5', '256.1.1.1', '1.2.3.04', '010.0.0.1'],
  ...['0x7f.0.0.1', '1.2.3.-4', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4:80', '１.2.3.4', '1.2.3.4\n', '+1.2.3.4', '1e1.2.3.4'],
  ...[':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::12345', '::g', '[::1]'],
  ...['1.2.3.4::', '::1.2.3.4:5', '::1.2.3', ':1:2:3:4:5:6:7', '1:2:3:4:5:6:7:', '::1\r\n', `::${'0'.repeat(1000)}1`],
];

describe('an address', () => {
  test.each(SPELLINGS)('%s has one spelling', (normal, ...others) => {
    expect(normalAddress(normal)).toBe(normal);
    for (const other of others) expect(normalAddress(other), other).toBe(normal);
  });

  test.each(NONE)('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined();
    expect(addressGroup(text)).toBeUndefined();
  });

  test('is one exactly where Node says so, and is spelled as URLs spell it', () => {
    const written = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.ipV4Extended(),
      fc.string({ unit: fc.constantFrom(...':.0af1[]') }),
    );
    fc.assert(
      fc.property(written, (text) => {
        const normal = normalAddress(text);
        expect(normal !== undefined).toBe(isIP(text) !== 0);
        if (normal !== undefined && isIP(normal) === 6)
          expect(new URL(`http://[${text}]`).hostname).toBe(`[${normal}]`);
        if (normal !== undefined && isIP(text) === 4) expect(normal).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  test('of IPv6 is grouped by its /64, and a group is its own group', () => {
    const group = '2001:db8:1:2::/64';
    for (const text of ['2001:db8:1:2::1', '2001:DB8:1:2:ffff:1:2:3', '2001:db8:1:2:0:0:0:0', group]) {
      expect(addressGroup(text)).toBe(group);
    }
    expect(addressGroup('2001:db8:1:3::1')).not.toBe(group);
    expect(addressGroup('::1')).toBe('::/64');
    expect(addressGroup('::/64')).toBe('::/64');
    expect(addressGroup('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(addressGroup(undefined)).toBeUndefined();
    fc.assert(fc.property(fc.ipV6(), (text) => addressGroup(addressGroup(text)) === addressGroup(text)));
  });
});

describe('a network', () => {
  test.each([
    ['10.0.0.0/8', ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'], ['11.0.0.0', '9.255.255.255', '::a00:1']],
    ['192.0.2.7', ['192.0.2.7'], ['192.0.2.6']],
    ['192.0.2.7/31', ['192.0.2.6', '192.0.2.7'], ['192.0.2.5', '192.0.2.8']],
    ['172.16.0.0/12', ['172.16.0.1', '172.31.255.255'], ['172.15.255.255', '172.32.0.0']],
    ['2001:db8::/33', ['2001:db8:7fff::'], ['2001:db8:8000::', '2001:db9::', '32.1.13.184']],
    ['::ffff:10.0.0.0/104', ['10.1.2.3'], ['11.0.0.0']],
    ['loopback', ['127.0.0.1', '127.9.9.9', '::1'], ['::2', '128.0.0.1']],
    ['linklocal', ['169.254.1.1', 'fe80::1', 'febf::1'], ['169.253.1.1', 'fec0::1']],
    ['uniquelocal', ['10.1.1.1', '192.168.0.1', '172.20.1.1', 'fc00::1', 'fdff::1'], ['fe00::1', '192.169.0.1']],
  ])('%s holds what it should', (text, inside, outside) => {
    const networks = readNetworks(text) ?? [];
    const holds = (address: string) => isWithin(parseAddress(address) ?? [], networks);
    expect(inside.filter((address) => !holds(address))).toEqual([]);
    expect(outside.filter(holds)).toEqual([]);
  });

  test.each([
    '',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/ 8',
    '::/129',
    '::ffff:10.0.0.0/95',
  ])('%j is none', (text) => expect(readNetworks(text)).toBeUndefined());

  test.each(['toString', '__proto__', 'Loopback', 'true', '1'])('the word %j is none', (text) => {
    expect(readNetworks(text)).toBeUndefined();
  });
});
