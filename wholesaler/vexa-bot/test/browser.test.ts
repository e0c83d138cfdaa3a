import { mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { lockProfile } from '../src/browser/lock-profile.ts';
import { openTestBrowser } from './support/open-browser.ts';

let site: Server;
/** As each request brought them. */
const cookies: (string | undefined)[] = [];
let folder: string;
beforeAll(async () => {
  site = await listening(
    createServer((incoming, response) => {
      cookies.push(incoming.headers.cookie);
      const headers = { 'content-type': 'text/html', 'set-cookie': 'signed=in; Max-Age=3600' };
      response.writeHead(200, headers).end('<title>A page</title><link rel="icon" href="data:,">');
    }),
  );
});
afterAll(() => closed(site));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vexa-browser-'));
});
afterEach(() => rm(folder, { recursive: true, maxRetries: 3 }));

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

test('a profile keeps what a site stored in it, from one bot to the next, also to one in another container', async () => {
  const profileDir = join(folder, 'profile');
  const visit = async () => {
    await using browser = await openTestBrowser({ profileDir });
    await (await browser.context.newPage()).goto(urlOf(site));
  };
  await visit();
  // As the browser of a container leaves it that was killed.
  await symlink('a-host-that-is-gone-12345', join(profileDir, 'SingletonLock'));
  await visit();
  expect(cookies).toEqual([undefined, 'signed=in']);
  expect(await readdir(profileDir)).not.toContain('vexa-bot.lock');
});

test('a profile is of one bot at a time, until that is gone or was killed', async () => {
  const lock = await lockProfile(folder);
  await expect(lockProfile(folder, { waitMs: 0 })).rejects.toThrow('in use by another bot');
  await lock[Symbol.asyncDispose]();
  const left = join(folder, 'vexa-bot.lock');
  await writeFile(left, '');
  await expect(lockProfile(folder, { waitMs: 0 })).rejects.toThrow('in use by another bot');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(left, longAgo, longAgo);
  await using _ = await lockProfile(folder, { waitMs: 0 });
});

test('a proxy carries all requests and knows the bot by name and password, which no error tells', async () => {
  const asked: string[] = [];
  const proxy = await listening(proxyFor('bot', 'pass/word', asked));
  const at = (password: string) => urlOf(proxy).replace('://', `://bot:${encodeURIComponent(password)}@`);
  try {
    await using browser = await openTestBrowser({ proxy: at('pass/word') });
    const page = await browser.context.newPage();
    await page.goto(urlOf(site));
    expect(await page.title()).toBe('A page');
    expect(asked).toContain(urlOf(site));
    await using refused = await openTestBrowser({ proxy: 'http://bot:wrong-secret@127.0.0.1:9' });
    const failure = await (await refused.context.newPage()).goto(urlOf(site)).catch(String);
    expect(failure).toContain('ERR_PROXY_CONNECTION_FAILED');
    expect(failure).not.toContain('wrong-secret');
  } finally {
    await closed(proxy);
  }
});

function proxyFor(user: string, password: string, asked: string[]): Server {
  const known = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return createServer((incoming, response) => {
    if (incoming.headers['proxy-authorization'] !== known) {
      return response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
    }
    asked.push(incoming.url ?? '');
    const onward = request(incoming.url ?? '', { method: incoming.method, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    return incoming.pipe(onward);
  });
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
