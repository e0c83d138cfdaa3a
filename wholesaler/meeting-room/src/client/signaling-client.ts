import type { ClientMessage, JoinMessage, ServerMessage } from '../signaling/messages.ts';

interface SignalingOptions {
  url: string;
  join: Omit<JoinMessage, 'type' | 'resume_token'>;
  onMessage: (message: ServerMessage) => void;
  /** The socket broke and could not be had back. */
  onLost: () => void;
}

const retryDelaysMs = [200, 400, 800, 1_600, 3_200, 5_000, 5_000];

/** The signaling socket of one participant: joins, and takes its place again when the socket breaks. */
export class SignalingClient {
  readonly #options: SignalingOptions;
  #socket: WebSocket;
  #retries = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #resumeToken: string | undefined;
  #finished = false;

  constructor(options: SignalingOptions) {
    this.#options = options;
    this.#socket = this.#open();
  }

  /** Messages while the socket is broken are dropped: the peers negotiate anew after a failure. */
  send(message: ClientMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /** Says goodbye and closes. */
  leave(): void {
    this.send({ type: 'leave' });
    this.stop();
  }

  /** Closes without a word; the server keeps the place for a while. */
  stop(): void {
    this.#finished = true;
    clearTimeout(this.#retryTimer);
    this.#socket.close(1000);
  }

  #open(): WebSocket {
    const socket = new WebSocket(this.#options.url);
    socket.addEventListener('open', () => {
      const resume = this.#resumeToken === undefined ? {} : { resume_token: this.#resumeToken };
      this.send({ type: 'join', ...this.#options.join, ...resume });
    });
    socket.addEventListener('message', ({ data }) => this.#receive(JSON.parse(String(data)) as ServerMessage));
    socket.addEventListener('close', () => this.#retry());
    return socket;
  }

  #receive(message: ServerMessage): void {
    if (this.#finished) return;
    if (message.type === 'joined' || message.type === 'lobby') this.#resumeToken = message.resume_token;
    if (message.type !== 'error') this.#retries = 0;
    if (message.type === 'closed') this.stop();
    this.#options.onMessage(message);
  }

  #retry(): void {
    if (this.#finished) return;
    const delayMs = retryDelaysMs[this.#retries];
    this.#retries += 1;
    if (delayMs === undefined) {
      this.#finished = true;
      this.#options.onLost();
      return;
    }
    this.#retryTimer = setTimeout(() => {
      this.#socket = this.#open();
    }, delayMs);
  }
}
