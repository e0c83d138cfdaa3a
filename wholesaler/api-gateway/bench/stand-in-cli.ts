import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The service behind the gateway, as cheap as one can be, so that the gateway and not the service is measured: answers
 * `GET …/size-<n>` with n bytes of JSON, and `GET …/live-<id>` with a meeting of that id. Prints its port.
 */
const bodies = new Map<number, string>();
const bodyOf = (bytes: number): string => {
  const body = bodies.get(bytes) ?? `{"text":"${'x'.repeat(Math.max(0, bytes - 11))}"}`;
  bodies.set(bytes, body);
  return body;
};

const server = createServer((request, response) => {
  const bytes = Number(/size-(\d+)/.exec(request.url ?? '')?.[1] ?? 2);
  const id = /live-(\d+)$/.exec(request.url ?? '')?.[1];
  const body = id === undefined ? bodyOf(bytes) : `{"id":${id}}`;
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
// The parent's end is this process's end.
process.once('disconnect', () => process.exit(0));
