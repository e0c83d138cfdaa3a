import { z } from 'zod';
import { MeetingStatus } from './meeting.ts';
import { Platform } from './platform.ts';
import { Segment } from './transcript.ts';

const MeetingRef = z.object({ platform: Platform, native_id: z.string().min(1).max(128) });
export type MeetingRef = z.infer<typeof MeetingRef>;

/** Client → `/ws`. */
export const LiveRequest = z.discriminatedUnion('action', [
  z.object({ action: z.literal('subscribe'), meetings: z.array(MeetingRef).min(1).max(100) }),
  z.object({ action: z.literal('unsubscribe'), meetings: z.array(MeetingRef).min(1).max(100) }),
  z.object({ action: z.literal('ping') }),
]);
export type LiveRequest = z.infer<typeof LiveRequest>;

export const LiveErrorCode = z.enum([
  'missing_api_key',
  'invalid_api_key',
  'invalid_json',
  'invalid_subscribe_payload',
  'unknown_action',
  'authorization_failed',
]);

/** `/ws` → client. */
export const LiveFrame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('subscribed'), meetings: z.array(MeetingRef) }),
  z.object({ type: z.literal('unsubscribed'), meetings: z.array(MeetingRef) }),
  z.object({ type: z.literal('pong') }),
  z.object({ type: z.literal('error'), error: LiveErrorCode, details: z.unknown().optional() }),
  z.object({
    type: z.enum(['transcript.mutable', 'transcript.finalized']),
    meeting: MeetingRef,
    payload: z.object({ segments: z.array(Segment) }),
    ts: z.iso.datetime(),
  }),
  z.object({
    type: z.literal('meeting.status'),
    meeting: MeetingRef,
    payload: z.object({ status: MeetingStatus }),
    ts: z.iso.datetime(),
  }),
]);
export type LiveFrame = z.infer<typeof LiveFrame>;

/** What the collector and bot-manager publish on the `tc:` and `bm:` channels: a `LiveFrame` less its envelope's meeting. */
export const SegmentsPublication = z.object({ segments: z.array(Segment), ts: z.iso.datetime() });
export type SegmentsPublication = z.infer<typeof SegmentsPublication>;
export const StatusPublication = z.object({ status: MeetingStatus, ts: z.iso.datetime() });
export type StatusPublication = z.infer<typeof StatusPublication>;
