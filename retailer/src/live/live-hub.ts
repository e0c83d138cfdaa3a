import type { LiveFrame, MeetingRef } from '@vexa/shared/contracts/live-frames';
import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import type { Segment } from '@vexa/shared/contracts/transcript';
import { serializeFrame } from '@vexa/shared/live/bounded-sender';
import type { Logger } from '@vexa/shared/logging';
import { visibleSegments } from '../transcripts/visible-segments.ts';
import type { WholesalerClient } from '../wholesaler/client.ts';
import type { SystemKeys } from '../wholesaler/system-keys.ts';
import { WholesalerError } from '../wholesaler/wholesaler-error.ts';
import { UpstreamSocket } from './upstream-socket.ts';

/** A running meeting as the hub knows it: our id, and what it is called upstream. */
export interface LiveMeeting {
  id: number;
  ref: MeetingRef;
  wholesalerId: () => Promise<number | undefined>;
}

/** Given as text, written once for all who hear the same, and as it is. */
type OnFrame = (text: string, frame: LiveFrame) => void;

interface Channel {
  meeting: LiveMeeting;
  /** With the time from which on each may read; undefined is from the beginning. */
  listeners: Map<OnFrame, Date | undefined>;
  acknowledged: PromiseWithResolvers<void>;
  /** Since when frames may be missing; undefined while none are. */
  gapSince: Date | undefined;
  /** Whether somebody was told "subscribed" while frames were missing, so that they have to be made up for. */
  isOwed: boolean;
  lastStatus?: MeetingStatus;
}

interface HubDeps {
  wholesaler: { url: string; serviceLayerId: string };
  keys: SystemKeys;
  client: Pick<WholesalerClient, 'transcript'>;
  logger: Logger;
}

const acknowledgeTimeoutMs = 2_000;
const refusedRetryMs = 1_000;
/** Clocks of two machines and the time a segment takes to be written. */
const gapMarginMs = 30_000;
const segmentsPerFrame = 100;

const nameOf = (ref: MeetingRef): string => `${ref.platform}/${ref.native_id}`;

/**
 * Hands the wholesaler's live frames to any number of our users, through one socket upstream. A meeting under the same
 * native id as one that ended is another channel: nobody hears the next meeting of a room because they held the last.
 */
export class LiveHub implements AsyncDisposable {
  readonly #deps: HubDeps;
  readonly #socket: UpstreamSocket;
  readonly #channels = new Map<string, Channel>();
  /** Of meetings that are over, by our id, until their last word. */
  readonly #ended = new Map<number, Channel>();
  readonly #retries = new Set<NodeJS.Timeout>();

  constructor(deps: HubDeps) {
    this.#deps = deps;
    const base = deps.wholesaler.url.replace(/\/+$/, '').replace(/^http/, 'ws');
    this.#socket = new UpstreamSocket({
      url: `${base}/ws`,
      keys: deps.keys,
      headers: { 'x-service-layer-id': deps.wholesaler.serviceLayerId },
      logger: deps.logger,
      onOpen: () => this.#socket.subscribe([...this.#channels.values()].map(({ meeting }) => meeting.ref)),
      onFrame: (frame) => this.#receive(frame),
      onLost: () => this.#lose(),
    });
  }

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  /** How many meetings somebody hears. */
  get meetings(): number {
    return this.#channels.size;
  }

  /** Resolves once frames flow, or after 2 s: what comes to pass until they do is then made up for by a read. */
  async subscribe(meeting: LiveMeeting, onFrame: OnFrame, since?: Date): Promise<() => void> {
    const channel = this.#channelOf(meeting);
    const listener: OnFrame = (text, frame) => onFrame(text, frame);
    channel.listeners.set(listener, since);
    const timeout = setTimeout(() => channel.acknowledged.resolve(), acknowledgeTimeoutMs);
    await channel.acknowledged.promise;
    clearTimeout(timeout);
    if (channel.gapSince) channel.isOwed = true;
    return () => {
      if (!channel.listeners.delete(listener) || channel.listeners.size > 0) return;
      this.#close(channel);
      this.#ended.delete(channel.meeting.id);
    };
  }

  /** The meeting is over at the wholesaler: its listeners hear no more of the room, only how the meeting ended. */
  end(meetingId: number): void {
    const channel = [...this.#channels.values()].find(({ meeting }) => meeting.id === meetingId);
    if (!channel) return;
    this.#close(channel);
    if (channel.listeners.size > 0) this.#ended.set(meetingId, channel);
  }

  /** Tells how a meeting ended, unless the wholesaler's own frame did. */
  finish(meetingId: number, status: MeetingStatus): void {
    this.end(meetingId);
    const channel = this.#ended.get(meetingId);
    this.#ended.delete(meetingId);
    if (!channel || channel.lastStatus === status) return;
    const ts = new Date().toISOString();
    this.#emit(channel, { type: 'meeting.status', meeting: channel.meeting.ref, payload: { status }, ts });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#retries) clearTimeout(timer);
    for (const { acknowledged } of this.#channels.values()) acknowledged.resolve();
    await this.#socket[Symbol.asyncDispose]();
  }

  #channelOf(meeting: LiveMeeting): Channel {
    const name = nameOf(meeting.ref);
    const known = this.#channels.get(name);
    if (known?.meeting.id === meeting.id) return known;
    if (known) this.end(known.meeting.id);
    const channel: Channel = {
      meeting,
      listeners: new Map(),
      acknowledged: Promise.withResolvers(),
      gapSince: new Date(),
      isOwed: false,
    };
    this.#channels.set(name, channel);
    this.#socket.open();
    this.#socket.subscribe([meeting.ref]);
    return channel;
  }

  #close(channel: Channel): void {
    const name = nameOf(channel.meeting.ref);
    if (this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    channel.acknowledged.resolve();
    this.#socket.unsubscribe([channel.meeting.ref]);
  }

  #lose(): void {
    for (const channel of this.#channels.values()) {
      channel.gapSince ??= new Date();
      channel.isOwed = true;
    }
  }

  #receive(frame: LiveFrame): void {
    switch (frame.type) {
      case 'subscribed':
        for (const ref of frame.meetings) this.#acknowledge(ref);
        return;
      case 'error':
        // A meeting whose start is under way is not known there yet.
        if (frame.error === 'authorization_failed') this.#subscribeLater();
        else this.#deps.logger.warn({ error: frame.error }, 'the live socket of the wholesaler complains');
        return;
      case 'transcript.mutable':
      case 'transcript.finalized':
      case 'meeting.status': {
        const channel = this.#channels.get(nameOf(frame.meeting));
        if (!channel) return;
        if (frame.type === 'meeting.status') channel.lastStatus = frame.payload.status;
        this.#emit(channel, frame);
        return;
      }
      default:
        return;
    }
  }

  #acknowledge(ref: MeetingRef): void {
    const channel = this.#channels.get(nameOf(ref));
    if (!channel) return;
    const since = channel.gapSince;
    channel.gapSince = undefined;
    channel.acknowledged.resolve();
    if (!channel.isOwed || !since) return;
    channel.isOwed = false;
    void this.#heal(channel, since);
  }

  #subscribeLater(): void {
    const timer = setTimeout(() => {
      this.#retries.delete(timer);
      const missing = [...this.#channels.values()].filter(({ gapSince }) => gapSince);
      this.#socket.subscribe(missing.map(({ meeting }) => meeting.ref));
    }, refusedRetryMs);
    this.#retries.add(timer);
  }

  /** Reads what was said in a gap. Segments keep their ids, so one that had come through is seen as the same. */
  async #heal(channel: Channel, since: Date): Promise<void> {
    const { meeting } = channel;
    try {
      const wholesalerId = await meeting.wholesalerId();
      if (wholesalerId === undefined) return;
      const { platform, native_id: nativeId } = meeting.ref;
      const { segments } = await this.#deps.client.transcript({ platform, nativeId, wholesalerId });
      const missed = segments.filter((segment) => isNewerThan(segment, since.getTime() - gapMarginMs));
      this.#emitSegments(
        channel,
        'transcript.finalized',
        missed.filter(({ completed }) => completed),
      );
      this.#emitSegments(
        channel,
        'transcript.mutable',
        missed.filter(({ completed }) => !completed),
      );
    } catch (error) {
      // The gap stays open, and is healed with the next acknowledgement.
      channel.gapSince = since;
      channel.isOwed = true;
      this.#subscribeLater();
      const reason = error instanceof WholesalerError ? error.message : String(error);
      this.#deps.logger.warn({ meeting_id: meeting.id, reason }, 'a gap of live frames is not healed yet');
    }
  }

  #emitSegments(channel: Channel, type: 'transcript.mutable' | 'transcript.finalized', segments: Segment[]): void {
    const ts = new Date().toISOString();
    for (let at = 0; at < segments.length; at += segmentsPerFrame) {
      const payload = { segments: segments.slice(at, at + segmentsPerFrame) };
      this.#emit(channel, { type, meeting: channel.meeting.ref, payload, ts });
    }
  }

  #emit(channel: Channel, frame: LiveFrame): void {
    const whole = serializeFrame(frame);
    for (const [listener, since] of channel.listeners) {
      const text = since ? serializeSince(frame, since) : whole;
      if (text !== undefined) listener(text, frame);
    }
  }
}

/** The frame for somebody who may read from `since` on; undefined when nothing is left of it. */
function serializeSince(frame: LiveFrame, since: Date): string | undefined {
  if (frame.type !== 'transcript.mutable' && frame.type !== 'transcript.finalized') return serializeFrame(frame);
  const segments = visibleSegments(frame.payload.segments, since);
  return segments.length === 0 ? undefined : serializeFrame({ ...frame, payload: { segments } });
}

function isNewerThan(segment: Segment, ms: number): boolean {
  const written = segment.updated_at ?? segment.created_at ?? segment.absolute_end_time;
  return written === null || Date.parse(written) >= ms;
}
