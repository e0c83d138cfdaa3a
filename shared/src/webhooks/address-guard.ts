import { lookup as dnsLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';

/** The address is one that a webhook must not reach: ours, private, or reserved. */
export class BlockedAddressError extends Error {
  override name = 'BlockedAddressError';
}

export type Lookup = LookupFunction;

const reservedV4 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  reservedV4.addSubnet(network, prefix, 'ipv4');
}
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
// Tunnels carry an IPv4 address of the sender's choice inside; the last one is for documentation.
const reservedV6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 32],
  ['2002::', 16],
  ['2001:db8::', 32],
] as const) {
  reservedV6.addSubnet(network, prefix, 'ipv6');
}

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !reservedV4.check(address, 'ipv4');
    case 6:
      return globalV6.check(address, 'ipv6') && !reservedV6.check(address, 'ipv6');
    default:
      return false;
  }
}

/** Hosts an operator exempts: entries `host` (every port) or `host:port`, as in `WEBHOOK_ALLOWED_HOSTS`. */
export function isAllowedHost(allowedHosts: readonly string[], url: URL): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return allowedHosts.includes(url.hostname) || allowedHosts.includes(`${url.hostname}:${port}`);
}

/** Splits `WEBHOOK_ALLOWED_HOSTS`. */
export const parseAllowedHosts = (list: string | undefined): string[] =>
  (list ?? '')
    .split(',')
    .map((host) => host.trim().toLowerCase())
    .filter((host) => host !== '');

/**
 * Resolves like `dns.lookup`, and fails when any address found is not public. The connection is made to the very
 * addresses that were checked, so a name that answers differently a moment later gains nothing.
 */
export const guardedLookup =
  (lookup: Lookup): Lookup =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const addresses = typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
      const blocked = addresses.find(({ address }) => !isPublicAddress(address));
      if (blocked) {
        return callback(new BlockedAddressError(`${hostname} resolves to ${blocked.address}, which is not public`), []);
      }
      if (options.all) return callback(null, addresses);
      return callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };

interface GuardedAgentOptions {
  allowedHosts: readonly string[];
  connectTimeoutMs: number;
  lookup?: Lookup;
}

/** An undici agent that connects to public addresses and to `allowedHosts` only; others fail with `BlockedAddressError`. */
export function guardedAgent({ allowedHosts, connectTimeoutMs, lookup = dnsLookup }: GuardedAgentOptions): Agent {
  const free = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup });
  const guarded = buildConnector({ timeout: connectTimeoutMs, allowH2: false, lookup: guardedLookup(lookup) });
  return new Agent({
    connect(options, callback) {
      const url = new URL(`${options.protocol}//${options.host ?? options.hostname}`);
      if (isAllowedHost(allowedHosts, url)) return free(options, callback);
      const literal = options.hostname.replace(/^\[|\]$/g, '');
      // An address written as such is never looked up, so it is checked here.
      if (isIP(literal) && !isPublicAddress(literal)) {
        return callback(new BlockedAddressError(`${literal} is not a public address`), null);
      }
      return guarded(options, callback);
    },
  });
}
