import { describe, expect, it } from 'vitest';
import { endingOf, reasonOf } from './outcome.ts';

const facts = { completion_reason: null, failure_stage: null, status: 'active' as const, data: {} };

describe('how a meeting ends', () => {
  it('is what was said first, by a stop or by the bot', () => {
    expect(endingOf({ ...facts, completion_reason: 'stopped' }, { exit_code: 137 })).toMatchObject({
      result: 'completed',
      completionReason: 'stopped',
    });
    const rejected = { ...facts, completion_reason: 'awaiting_admission_rejected' as const };
    expect(endingOf({ ...rejected, failure_stage: 'awaiting_admission' }, { exit_code: 0 }).result).toBe('failed');
  });

  it('is completed when the bot exited in good order without a reason', () => {
    expect(endingOf(facts, { exit_code: 0 })).toEqual({
      result: 'completed',
      completionReason: null,
      failureStage: null,
    });
  });

  it('is a crash at the stage it had come to otherwise', () => {
    expect(endingOf(facts, { exit_code: null })).toMatchObject({
      completionReason: 'bot_crashed',
      failureStage: 'active',
    });
    const lost = { ...facts, status: 'needs_human_help' as const, data: { bot_failure: { reason: 'bot_lost' } } };
    expect(endingOf(lost, undefined)).toEqual({
      result: 'failed',
      completionReason: 'bot_lost',
      failureStage: 'awaiting_admission',
    });
    expect(endingOf({ ...facts, status: 'requested' }, { exit_code: 2 }).completionReason).toBe('validation_error');
  });

  it('is told in the bot’s words where it gave some', () => {
    expect(reasonOf({ end_reason: 'The host said no.' }, 'awaiting_admission_rejected')).toBe('The host said no.');
    expect(reasonOf({}, 'left_alone')).toBe('Everybody else had left.');
  });
});
