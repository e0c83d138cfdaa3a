import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `open` passes everything on, `cut` refuses, `silent` takes and never answers, `erring` answers each request 500. */
export type WireMode = 'open' | 'cut' | 'silent' | 'erring';

const error500 = 'HTTP/1.1 500 Internal Server Error\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}';

/** A stretch of network in front of a server, which can be listened to and broken. */
export class Wire implements AsyncDisposable {
  /** Told of each piece that goes back to the client, and the last that its connection sent; false keeps it from arriving. */
  onAnswer: (piece: Buffer, question: Buffer) => boolean = () => true;
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #sent: Buffer[] = [];
  #mode: WireMode = 'open';

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((socket) => this.#connect(socket));
  }

  static async before(target: string): Promise<Wire> {
    const wire = new Wire(target);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  /** The target's URL through the wire. */
  get url(): string {
    const url = new URL(this.#target);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href.replace(/\/$/, '');
  }

  /** Every byte that clients sent since the last call. */
  takeSent(): string {
    const text = Buffer.concat(this.#sent).toString('latin1');
    this.#sent = [];
    return text;
  }

  /** Connections that are open are broken, so that the new mode is everybody's. */
  set mode(mode: WireMode) {
    this.#mode = mode;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #connect(client: Socket): void {
    this.#track(client);
    if (this.#mode === 'cut') return void client.destroy();
    if (this.#mode !== 'open') {
      if (this.#mode === 'erring') client.once('data', () => client.end(error500));
      else client.resume();
      return;
    }
    const server = connect(Number(this.#target.port), this.#target.hostname);
    this.#track(server);
    let question: Buffer = Buffer.alloc(0);
    client.on('data', (piece) => {
      question = Buffer.concat([question.subarray(-4_096), piece]);
      this.#sent.push(piece);
      server.write(piece);
    });
    server.on('data', (piece) => {
      if (this.onAnswer(piece, question)) client.write(piece);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {}); // a broken connection is what this is for
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
