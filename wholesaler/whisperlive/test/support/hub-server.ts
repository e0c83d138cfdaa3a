import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubServer extends AsyncDisposable {
  url: string;
  /** What was asked for and answered with content: path and range. */
  served: { path: string; range: string | undefined }[];
}

/** Answers as the Hugging Face hub does for the given repositories, and 401 for all others. */
export async function startHub(repositories: Record<string, string>): Promise<HubServer> {
  const served: HubServer['served'] = [];
  const server = createServer((request, response) => {
    const [, repo = '', file = ''] = /^\/([^/]+\/[^/]+)\/resolve\/main\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const folder = repositories[repo];
    if (!folder) return void response.writeHead(401).end('Invalid username or password.');
    if (!existsSync(join(folder, file))) {
      return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    }
    const content = readFileSync(join(folder, file));
    const large = file.endsWith('.safetensors') || file.endsWith('.bin');
    const etag = `"${createHash(large ? 'sha256' : 'sha1')
      .update(content)
      .digest('hex')}"`;
    const [, first = '0', last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const end = last ? Number(last) + 1 : content.length;
    const part = content.subarray(Number(first), end);
    if (part.length > 1) served.push({ path: `${repo}/${file}`, range: request.headers.range });
    const headers = { etag, 'content-length': part.length };
    const range = { 'content-range': `bytes ${first}-${end - 1}/${content.length}` };
    if (request.headers.range) response.writeHead(206, { ...headers, ...range });
    else response.writeHead(200, headers);
    response.end(part);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    served,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
