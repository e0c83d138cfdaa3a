import { describe, expect, it } from 'vitest';
import { guardedLookup, isAllowedHost, isPublicAddress, type Lookup, parseAllowedHosts } from './address-guard.ts';

describe('the webhook address guard', () => {
  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    'not an address',
  ])('knows that %s is not public', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946'])(
    'lets %s pass',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it('fails a name when one of its addresses is private', async () => {
    const found = [
      { address: '93.184.216.34', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const lookup: Lookup = (_host, _options, callback) => callback(null, found);
    const error = await new Promise((resolve) => guardedLookup(lookup)('mixed.example', { all: true }, resolve));
    expect(String(error)).toContain('127.0.0.1, which is not public');
  });

  it('exempts a host for every port or for one', () => {
    const hosts = parseAllowedHosts(' Retailer, 127.0.0.1:8056,');
    expect(isAllowedHost(hosts, new URL('http://retailer:9999/x'))).toBe(true);
    expect(isAllowedHost(hosts, new URL('http://127.0.0.1:8056/'))).toBe(true);
    expect(isAllowedHost(hosts, new URL('http://127.0.0.1:8057/'))).toBe(false);
    expect(isAllowedHost(parseAllowedHosts('shop.example:443'), new URL('https://shop.example/'))).toBe(true);
    expect(isAllowedHost(parseAllowedHosts(undefined), new URL('https://shop.example/'))).toBe(false);
  });
});
