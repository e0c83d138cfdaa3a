import type { CompletionReason } from '@vexa/shared/contracts/meeting';

/** What a customer reads in the history when nobody gave a better sentence. */
export const reasonText: Record<CompletionReason, string> = {
  stopped: 'The bot was asked to leave.',
  stopped_before_admission: 'The bot was asked to leave before it was in the meeting.',
  awaiting_admission_timeout: 'Nobody let the bot in.',
  awaiting_admission_rejected: 'The host did not let the bot in.',
  left_alone: 'Everybody else had left.',
  startup_alone: 'Nobody came.',
  evicted: 'The bot was removed from the meeting.',
  meeting_ended: 'The meeting ended.',
  max_bot_time_exceeded: 'The bot had stayed as long as it may.',
  validation_error: 'The bot refused its configuration.',
  join_failure: 'The bot could not join the meeting.',
  bot_crashed: 'The bot stopped working.',
  bot_lost: 'The bot gave no sign of life any more.',
  completed_empty: 'The meeting ended and nothing was said.',
};
