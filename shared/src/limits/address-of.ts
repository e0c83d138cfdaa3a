import type { IncomingMessage } from 'node:http';
import { isIPv6 } from 'node:net';

/**
 * Where a request comes from, for counting. Behind `trustedProxies` proxies of the operator's it is what the first of
 * them saw; anything further left in `x-forwarded-for` the caller may have made up. Of IPv6 it is the network (/64),
 * of which one caller has all addresses.
 */
export function addressOf({ headers, socket }: IncomingMessage, trustedProxies: number): string {
  const direct = socket.remoteAddress ?? 'unknown';
  if (trustedProxies === 0) return network(direct);
  const seen = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '');
  return network(seen.at(-trustedProxies) ?? direct).slice(0, longestAddress);
}

const longestAddress = 64;

function network(address: string): string {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1];
  if (mapped) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const filled =
    tail === undefined ? left : [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  return `${filled.slice(0, 4).join(':')}::/64`;
}
