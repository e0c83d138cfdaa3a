import { type MeetingRef, SegmentsPublication, StatusPublication } from '@vexa/shared/contracts/live-frames';
import { channels } from '@vexa/shared/contracts/redis-names';
import { serializeFrame } from '@vexa/shared/live/bounded-sender';
import type { Logger } from '@vexa/shared/logging';
import type { SharedSubscriber } from '@vexa/shared/redis/shared-subscriber';

export interface LiveMeeting {
  id: number;
  ref: MeetingRef;
}

type OnFrame = (frame: string) => void;
interface Fan {
  listeners: Set<OnFrame>;
  started: Promise<(() => void)[]>;
}

/** Hands each meeting's publications to whoever listens; a publication is parsed and written once for all of them. */
export class MeetingFanout {
  readonly #subscriber: SharedSubscriber;
  readonly #logger: Logger;
  readonly #fans = new Map<number, Fan>();

  constructor(subscriber: SharedSubscriber, logger: Logger) {
    this.#subscriber = subscriber;
    this.#logger = logger;
  }

  async subscribe(meeting: LiveMeeting, onFrame: OnFrame): Promise<() => void> {
    const fan = this.#fans.get(meeting.id) ?? this.#start(meeting);
    // Two subscriptions of one socket are two listeners, though they share a function.
    const listener: OnFrame = (frame) => onFrame(frame);
    fan.listeners.add(listener);
    const end = () => {
      if (fan.listeners.delete(listener) && fan.listeners.size === 0) this.#stop(meeting.id, fan);
    };
    try {
      await fan.started;
      return end;
    } catch (error) {
      end();
      throw error;
    }
  }

  #start(meeting: LiveMeeting): Fan {
    const listeners = new Set<OnFrame>();
    const listen = (channel: string, toFrame: (message: string) => string) =>
      this.#subscriber.subscribe(channel, (message) => {
        const frame = this.#convert(channel, message, toFrame);
        if (frame !== undefined) for (const listener of listeners) listener(frame);
      });
    const started = allOrNone([
      listen(channels.mutableSegments(meeting.id), segmentsFrame('transcript.mutable', meeting.ref)),
      listen(channels.finalizedSegments(meeting.id), segmentsFrame('transcript.finalized', meeting.ref)),
      listen(channels.meetingStatus(meeting.id), statusFrame(meeting.ref)),
    ]);
    const fan = { listeners, started };
    this.#fans.set(meeting.id, fan);
    return fan;
  }

  #stop(meetingId: number, fan: Fan): void {
    if (this.#fans.get(meetingId) === fan) this.#fans.delete(meetingId);
    fan.started.then(
      (ends) => {
        for (const end of ends) end();
      },
      () => {}, // it never started, and its subscribers were told so
    );
  }

  #convert(channel: string, message: string, toFrame: (message: string) => string): string | undefined {
    try {
      return toFrame(message);
    } catch {
      // Without the reason: it may quote what somebody said.
      this.#logger.warn({ channel }, 'a publication could not be read');
      return undefined;
    }
  }
}

const segmentsFrame =
  (type: 'transcript.mutable' | 'transcript.finalized', meeting: MeetingRef) => (message: string) => {
    const { segments, ts } = SegmentsPublication.parse(JSON.parse(message));
    return serializeFrame({ type, meeting, payload: { segments }, ts });
  };

const statusFrame = (meeting: MeetingRef) => (message: string) => {
  const { status, ts } = StatusPublication.parse(JSON.parse(message));
  return serializeFrame({ type: 'meeting.status', meeting, payload: { status }, ts });
};

/** Every function once all are there; when one fails, those of the others are called and it rejects. */
async function allOrNone(starting: Promise<() => void>[]): Promise<(() => void)[]> {
  const settled = await Promise.allSettled(starting);
  const ends = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (!failed) return ends;
  for (const end of ends) end();
  throw failed.reason;
}
