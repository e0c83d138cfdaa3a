import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** Stands where an API server does and says what a test wants, also what a real one cannot be made to say at will. */
export interface FakeApi extends AsyncDisposable {
  /** Method and address of each request, oldest first. */
  readonly asked: string[];
  /** Answers what begins so; the last one that fits. */
  on(start: string, answer: Answer): void;
  /** Ends every connection, watches too. */
  hangUp(): void;
  /** Writes a kubeconfig that leads here. */
  writeConfig(file: string): void;
}

export const json =
  (status: number, body: unknown): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export async function startFakeApi(): Promise<FakeApi> {
  const asked: string[] = [];
  const answers: { start: string; answer: Answer }[] = [];
  const server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    asked.push(line);
    request.resume();
    const found = answers.findLast(({ start }) => line.startsWith(start))?.answer;
    (found ?? json(404, { kind: 'Status', code: 404, message: 'not found' }))(request, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const config = new KubeConfig();
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.loadFromClusterAndUser({ name: 'fake', server: address, skipTLSVerify: true }, { name: 'nobody' });
  return {
    asked,
    on: (start, answer) => void answers.push({ start, answer }),
    hangUp: () => server.closeAllConnections(),
    writeConfig: (file) => writeFileSync(file, config.exportConfig()),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
