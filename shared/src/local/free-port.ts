import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { codeOf } from '../files/error-code.ts';

// Below those that a system gives to connections and to whoever listens on any (from 32768 on, or 49152), which would
// take a port that was found free before its program starts.
const [first, last] = [10_000, 32_000];
let next = randomInt(first, last);

/** A port nothing listened on a moment ago, for programs that cannot bind port 0 and tell; no process is given one twice. */
export async function freePort(): Promise<number> {
  for (let tries = first; tries < last; tries++) {
    const port = next;
    next = port + 1 < last ? port + 1 : first;
    if (await isFree(port)) return port;
  }
  throw new Error(`No port between ${first} and ${last} is free`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return false;
    throw error;
  }
  server.close();
  await once(server, 'close');
  return true;
}
