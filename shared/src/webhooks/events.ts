import type { WebhookEventType } from '../contracts/webhook-events.ts';

/** Whether an endpoint that listed `wanted` gets this event. No list means every event, and a test always arrives. */
export function isWanted(wanted: readonly WebhookEventType[] | null, type: WebhookEventType): boolean {
  if (wanted === null || type === 'webhook.test' || wanted.includes(type)) return true;
  // Receivers that were written before `meeting.finished` asked for it by its older name.
  return type === 'meeting.finished' && wanted.includes('meeting.completed');
}

/** What a receiver calls this event: one that asked for `meeting.completed` alone knows no other name for the end. */
export const nameFor = (wanted: readonly WebhookEventType[] | null, type: WebhookEventType): WebhookEventType =>
  type === 'meeting.finished' && wanted !== null && !wanted.includes(type) ? 'meeting.completed' : type;
