import type { RawData, WebSocket } from 'ws';
import type { LiveRequest, MeetingRef } from '../contracts/live-frames.ts';
import { errorFields, type Logger } from '../logging.ts';
import { type BoundedSender, createBoundedSender } from './bounded-sender.ts';
import { parseLiveRequest } from './parse-request.ts';

/** What one bearer of a key may hear; each product has its own. `Key` names a meeting on the inside. */
export interface LiveSource<Key> {
  /** The meeting meant by `ref`, or undefined when the bearer has none such. Rejects when that cannot be known now. */
  authorize(ref: MeetingRef): Promise<Key | undefined>;
  /** Hands on the meeting's frames as text from when it resolves until the returned function is called. */
  subscribe(key: Key, onFrame: (frame: string) => void): Promise<() => void>;
}

export interface LiveSocketOptions {
  logger: Logger;
  /** More bytes than this waiting for a slow reader, and it is dropped. */
  maxBufferedBytes?: number;
  maxMeetings?: number;
}

const nameOf = (ref: MeetingRef): string => `${ref.platform}/${ref.native_id}`;

/**
 * Serves the `/ws` protocol on an accepted socket, once `opening` tells whom it speaks for (undefined: the socket is
 * being closed). Requests are answered in their order; while one is under way nothing more is read.
 */
export function serveLiveSocket<Key>(
  socket: WebSocket,
  opening: Promise<LiveSource<Key> | undefined>,
  { logger, maxBufferedBytes = 1024 * 1024, maxMeetings = 200 }: LiveSocketOptions,
): void {
  const sender = createBoundedSender(socket, maxBufferedBytes);
  const subscriptions = new Subscriptions(maxMeetings);
  let underWay = 0;
  let previous: Promise<unknown> = opening;
  const answer = async (frame: string) => {
    const source = await opening;
    if (!source || socket.readyState !== socket.OPEN) return;
    const parsed = parseLiveRequest(frame);
    if ('error' in parsed) return sender.send({ type: 'error', ...parsed });
    await answerRequest(parsed.request, { source, sender, subscriptions, logger });
  };
  socket.on('message', (data: RawData, isBinary) => {
    if (++underWay === 1) socket.pause();
    const frame = isBinary ? '' : data.toString();
    previous = previous
      .then(() => answer(frame))
      .catch((error: unknown) => {
        logger.error(errorFields(error), 'live request failed');
        socket.close(1011);
      })
      .finally(() => {
        if (--underWay === 0) socket.resume();
      });
  });
  socket.on('error', (error) => logger.debug(errorFields(error), 'live socket failed'));
  socket.on('close', () => subscriptions.end());
}

interface Context<Key> {
  source: LiveSource<Key>;
  sender: BoundedSender;
  subscriptions: Subscriptions;
  logger: Logger;
}

async function answerRequest<Key>(request: LiveRequest, context: Context<Key>): Promise<void> {
  const { sender, subscriptions } = context;
  switch (request.action) {
    case 'ping':
      return sender.send({ type: 'pong' });
    case 'unsubscribe':
      for (const ref of request.meetings) subscriptions.remove(ref);
      return sender.send({ type: 'unsubscribed', meetings: request.meetings });
    case 'subscribe':
      return subscribe(request.meetings, context);
  }
}

type Refusal = MeetingRef & { reason: 'not_found' | 'too_many' | 'unavailable' };

async function subscribe<Key>(meetings: MeetingRef[], context: Context<Key>): Promise<void> {
  const { sender, subscriptions } = context;
  const allowed: MeetingRef[] = [];
  const refused: Refusal[] = [];
  const { fitting, excess } = subscriptions.fit(meetings);
  for (const ref of excess) refused.push({ ...ref, reason: 'too_many' });
  await Promise.all(
    fitting.map(async (ref) => {
      const reason = await subscribeOne(ref, context);
      if (reason) refused.push({ ...ref, reason });
      else allowed.push(ref);
    }),
  );
  if (allowed.length > 0) sender.send({ type: 'subscribed', meetings: allowed });
  if (refused.length > 0) sender.send({ type: 'error', error: 'authorization_failed', details: { meetings: refused } });
}

async function subscribeOne<Key>(ref: MeetingRef, context: Context<Key>): Promise<Refusal['reason'] | undefined> {
  const { source, sender, subscriptions, logger } = context;
  try {
    const key = await source.authorize(ref);
    if (key === undefined) return 'not_found';
    await subscriptions.add(ref, () => source.subscribe(key, sender.sendText));
    return undefined;
  } catch (error) {
    logger.warn(errorFields(error), 'live subscription failed');
    return 'unavailable';
  }
}

/** The meetings of one socket. The same native id may come to mean a newer meeting, so subscribing again replaces. */
class Subscriptions {
  readonly #max: number;
  readonly #endings = new Map<string, () => void>();
  #ended = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** The distinct meetings among `refs` that there is room for, and the rest. */
  fit(refs: MeetingRef[]): { fitting: MeetingRef[]; excess: MeetingRef[] } {
    const distinct = [...new Map(refs.map((ref) => [nameOf(ref), ref])).values()];
    let room = this.#max - this.#endings.size;
    const fits = (ref: MeetingRef) => this.#endings.has(nameOf(ref)) || room-- > 0;
    const { fitting = [], excess = [] } = Object.groupBy(distinct, (ref) => (fits(ref) ? 'fitting' : 'excess'));
    return { fitting, excess };
  }

  async add(ref: MeetingRef, start: () => Promise<() => void>): Promise<void> {
    const end = await start();
    if (this.#ended) return end();
    this.remove(ref);
    this.#endings.set(nameOf(ref), end);
  }

  remove(ref: MeetingRef): void {
    this.#endings.get(nameOf(ref))?.();
    this.#endings.delete(nameOf(ref));
  }

  end(): void {
    this.#ended = true;
    for (const end of this.#endings.values()) end();
    this.#endings.clear();
  }
}
