import { BlockList } from 'node:net';
import type { KubeObject } from './render.ts';

/** A pod, or an address outside of the cluster. */
export type End = { namespace: string; labels: Record<string, string> } | { address: string };

interface Connection {
  from: End;
  to: End;
  port: number;
  protocol?: 'TCP' | 'UDP';
}

interface Selector {
  matchLabels?: Record<string, string>;
  matchExpressions?: unknown;
}
interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}
interface Rule {
  ports?: { port: number; protocol: string }[];
  from?: Peer[];
  to?: Peer[];
}

/**
 * Whether the policies of a cluster let a connection through, as https://kubernetes.io/docs/concepts/services-networking/network-policies
 * says: at each end that is a pod, some policy that selects it must, unless none selects it.
 */
export function mayReach(policies: readonly KubeObject[], { from, to, port, protocol = 'TCP' }: Connection): boolean {
  const passes = (direction: 'Ingress' | 'Egress', here: End, there: End) => {
    if ('address' in here) return true;
    const selecting = policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === here.namespace &&
        spec.policyTypes.includes(direction) &&
        matches(spec.podSelector, here.labels),
    );
    if (selecting.length === 0) return true;
    return selecting.some(({ metadata, spec }) =>
      ((direction === 'Ingress' ? spec.ingress : spec.egress) ?? []).some(
        (rule: Rule) =>
          (rule.ports === undefined || rule.ports.some((open) => open.port === port && open.protocol === protocol)) &&
          isPeer((direction === 'Ingress' ? rule.from : rule.to) ?? [], there, metadata.namespace ?? ''),
      ),
    );
  };
  return passes('Egress', from, to) && passes('Ingress', to, from);
}

/** No peers are everybody. */
const isPeer = (peers: readonly Peer[], end: End, namespace: string): boolean =>
  peers.length === 0 ||
  peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if ('address' in end) return ipBlock !== undefined && isWithin(ipBlock, end.address);
    if (ipBlock) return false;
    const named = { 'kubernetes.io/metadata.name': end.namespace };
    const near = namespaceSelector ? matches(namespaceSelector, named) : end.namespace === namespace;
    return near && matches(podSelector ?? {}, end.labels);
  });

function matches({ matchLabels = {}, matchExpressions }: Selector, labels: Record<string, string>): boolean {
  if (matchExpressions) throw new Error('matchExpressions are not understood here');
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}

const isWithin = ({ cidr, except = [] }: { cidr: string; except?: string[] }, address: string): boolean =>
  contains(cidr, address) && !except.some((smaller) => contains(smaller, address));

function contains(cidr: string, address: string): boolean {
  const family = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4');
  const [network = '', bits] = cidr.split('/');
  // Node takes an IPv4 address for its mapped form in IPv6.
  if (family(network) !== family(address)) return false;
  const block = new BlockList();
  block.addSubnet(network, Number(bits), family(network));
  return block.check(address, family(address));
}
