import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubServer extends AsyncDisposable {
  url: string;
  /** What was asked for and answered with content: path and range. */
  served: { path: string; range: string | undefined }[];
}

/**
 * Where large files lie: with the hub itself; behind a redirect to another host, the checksum in the redirect only
 * (`lfs`); or likewise, but with size and checksum for clients that ask in the hub's newer way (`xet`).
 */
export type Storage = 'inline' | 'lfs' | 'xet';

/** Answers as the Hugging Face hub does for the given repositories, and 401 for all others. */
export async function startHub(repositories: Record<string, string>, storage: Storage = 'inline'): Promise<HubServer> {
  const served: HubServer['served'] = [];
  const serve = (response: ServerResponse, path: string, content: Buffer, range: string | undefined, etag: string) => {
    const [, first = '0', last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const end = last ? Number(last) + 1 : content.length;
    const part = content.subarray(Number(first), end);
    if (part.length > 1) served.push({ path, range });
    const headers = { etag, 'content-length': part.length };
    const contentRange = { 'content-range': `bytes ${first}-${end - 1}/${content.length}` };
    if (range) response.writeHead(206, { ...headers, ...contentRange });
    else response.writeHead(200, headers);
    response.end(part);
  };
  const files = new Map<string, Buffer>();
  await using stack = new AsyncDisposableStack();
  const cdn = stack.use(
    await listen((request, response) => {
      const path = request.url?.slice(1) ?? '';
      const content = files.get(path);
      // As an object store does, it names a file by something else than its SHA-256.
      if (content) serve(response, path, content, request.headers.range, '"d41d8cd98f00b204e9800998ecf8427e-9"');
      else response.writeHead(403).end();
    }),
  );
  const hub = stack.use(
    await listen((request, response) => {
      const [, repo = '', file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/main\/([^/]+)$/.exec(request.url ?? '') ?? [];
      const folder = repositories[repo];
      if (!folder) return void response.writeHead(401).end('Invalid username or password.');
      if (!existsSync(join(folder, file))) {
        return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      }
      const path = `${repo}/${file}`;
      const content = readFileSync(join(folder, file));
      const large = file.endsWith('.safetensors') || file.endsWith('.bin');
      const etag = `"${createHash(large ? 'sha256' : 'sha1')
        .update(content)
        .digest('hex')}"`;
      if (!large || storage === 'inline') return serve(response, path, content, request.headers.range, etag);
      files.set(path, content);
      const linked = { 'x-linked-etag': etag, 'x-linked-size': content.length };
      const type = 'application/vnd.xet-fileinfo+json';
      if (storage === 'lfs' || !request.headers.accept?.includes(type)) {
        return void response.writeHead(302, { ...linked, location: `${cdn.url}/${path}` }).end();
      }
      const link = `<${cdn.url}/auth>; rel="xet-auth", <${cdn.url}/parts>; rel="xet-reconstruction-info"`;
      response.writeHead(200, { ...linked, 'content-type': type, 'x-xet-hash': 'f00', link }).end('{}');
    }),
  );
  const owned = stack.move();
  return { url: hub.url, served, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function listen(listener: RequestListener): Promise<AsyncDisposable & { url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
