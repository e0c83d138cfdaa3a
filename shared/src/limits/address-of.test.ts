import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { addressOf } from './address-of.ts';

const request = (remoteAddress: string | undefined, forwarded?: string) =>
  ({
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
  }) as unknown as IncomingMessage;

test('without proxies a caller cannot make up where they are', () => {
  expect(addressOf(request('203.0.113.7', '1.2.3.4'), 0)).toBe('203.0.113.7');
  expect(addressOf(request('::ffff:203.0.113.7'), 0)).toBe('203.0.113.7');
});

test('behind proxies what the outermost of them saw counts, and nothing further left', () => {
  expect(addressOf(request('10.0.0.1', 'made-up, 203.0.113.7'), 1)).toBe('203.0.113.7');
  expect(addressOf(request('10.0.0.1', 'made-up, 203.0.113.7, 10.0.0.2'), 2)).toBe('203.0.113.7');
  expect(addressOf(request('10.0.0.1'), 1)).toBe('10.0.0.1');
});

test('all addresses of one IPv6 network are one', () => {
  expect(addressOf(request('2001:db8:1:2:a:b:c:d'), 0)).toBe('2001:db8:1:2::/64');
  expect(addressOf(request('2001:db8:1:2::9'), 0)).toBe('2001:db8:1:2::/64');
  expect(addressOf(request('::1'), 0)).toBe('0:0:0:0::/64');
});
