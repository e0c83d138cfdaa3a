import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { attachLiveServer } from '../src/live/live-server.ts';
import { createLogger } from '../src/logging.ts';

test('one user cannot take the places of the others', async () => {
  await using stack = new AsyncDisposableStack();
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  stack.use(
    attachLiveServer(server, {
      logger: createLogger('test', 'silent'),
      maxSocketsPerUser: 2,
      open: async (key) => ({
        userId: Number(key),
        isStillValid: async () => true,
        authorize: async () => undefined,
        subscribe: async () => () => {},
      }),
    }),
  );
  const { port } = server.address() as AddressInfo;
  /** The answer to a ping, or the code with which the socket was closed. */
  const ask = async (key: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers: { 'x-api-key': key } });
    stack.defer(() => socket.terminate());
    socket.on('open', () => socket.send('{"action":"ping"}'));
    return Promise.race([
      once(socket, 'message').then(([data]) => JSON.parse(String(data)).type as string),
      once(socket, 'close').then(([code]) => code as number),
    ]);
  };
  expect([await ask('1'), await ask('1'), await ask('1'), await ask('2')]).toEqual(['pong', 'pong', 1013, 'pong']);
});
