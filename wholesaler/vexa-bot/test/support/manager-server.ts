import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { BotCallback, type BotCallbackReply } from '@vexa/shared/contracts/bot';

export interface ManagerServer extends AsyncDisposable {
  url: string;
  /** Accepted callbacks, in order of arrival. */
  callbacks: BotCallback[];
  authorizations: Set<string | undefined>;
  answer: (callback: BotCallback) => { status: number; body?: BotCallbackReply };
}

/** Takes a bot's callbacks as bot-manager does. */
export async function startManagerServer(): Promise<ManagerServer> {
  const callbacks: BotCallback[] = [];
  const authorizations = new Set<string | undefined>();
  const http = createServer(async (request, response) => {
    const callback = BotCallback.parse(JSON.parse(await text(request)));
    authorizations.add(request.headers.authorization);
    const { status, body } = manager.answer(callback);
    if (status < 300) callbacks.push(callback);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body ?? {}));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const manager: ManagerServer = {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/bots/internal/callback`,
    callbacks,
    authorizations,
    answer: () => ({ status: 200, body: { status: 'processed' } }),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  return manager;
}
