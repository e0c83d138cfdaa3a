import { Platform } from '@vexa/shared/contracts/platform';
import { z } from 'zod';

/** What we need of `data` of `meeting.finished`; older wholesalers sent the first three fields alone, as the whole body. */
export const FinishedData = z.object({
  meeting_id: z.coerce.number().int().positive(),
  platform: Platform,
  native_meeting_id: z.string().min(1).max(128),
  segment_count: z.int().min(0).optional(),
  checksum: z.string().max(128).optional(),
  incomplete: z.boolean().optional(),
});
export type FinishedData = z.infer<typeof FinishedData>;

const Envelope = z.object({
  type: z.string().max(64).optional(),
  event_type: z.string().max(64).optional(),
  data: z.record(z.string(), z.unknown()),
});

export const isFinishedEvent = (type: string): boolean => type === 'meeting.finished' || type === 'meeting.completed';

/** The type of an event and its data, of the envelope as well as of the old body. Undefined for anything else. */
export function parseEvent(body: unknown): { type: string; data: Record<string, unknown> } | undefined {
  const old = FinishedData.safeParse(body);
  if (old.success) return { type: 'meeting.finished', data: old.data };
  const envelope = Envelope.safeParse(body).data;
  const type = envelope?.event_type ?? envelope?.type;
  return envelope && type ? { type, data: envelope.data } : undefined;
}
