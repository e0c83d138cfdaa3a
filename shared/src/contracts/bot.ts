import { z } from 'zod';
import { CompletionReason, FailureStage, Task } from './meeting.ts';
import { Platform } from './platform.ts';

const Ms = z.int().positive().max(86_400_000);

/** The bot's whole configuration: JSON in the environment variable `BOT_CONFIG`. */
export const BotConfig = z.object({
  meeting_id: z.int().positive(),
  platform: Platform,
  meetingUrl: z.url(),
  botName: z.string().min(1).max(64),
  nativeMeetingId: z.string().min(1),
  connectionId: z.string().min(1),
  /** Session token: authenticates callbacks and audio of this bot only. */
  token: z.string().min(1),
  language: z.string().nullable(),
  task: Task,
  model_identifier: z.string().nullable(),
  redisUrl: z.url(),
  whisperLiveUrl: z.url(),
  botManagerCallbackUrl: z.url(),
  automaticLeave: z.object({
    waitingRoomTimeout: Ms.default(300_000),
    noOneJoinedTimeout: Ms.default(120_000),
    everyoneLeftTimeout: Ms.default(60_000),
    maxBotTime: Ms.default(14_400_000),
  }),
  /** Of the request that asked for the bot; named in its logs and sent on with what it asks others. */
  requestId: z.string().max(128).optional(),
  /** W3C Trace Context. */
  traceparent: z.string().max(64).optional(),
});
export type BotConfig = z.infer<typeof BotConfig>;

/** Messages on `bot_commands:{connectionId}`. */
export const BotCommand = z.discriminatedUnion('action', [
  z.object({ action: z.literal('leave') }),
  z.object({
    action: z.literal('reconfigure'),
    uid: z.string().optional(),
    language: z.string().nullish(),
    task: Task.nullish(),
  }),
]);
export type BotCommand = z.infer<typeof BotCommand>;

/** What the bot reports. `heartbeat` changes nothing but the time of the last sign of life. */
export const BotReportStatus = z.enum([
  'heartbeat',
  'joining',
  'awaiting_admission',
  'needs_human_help',
  'active',
  'completed',
  'failed',
]);

export const BotCallback = z.object({
  connection_id: z.string().min(1),
  container_id: z.string().nullish(),
  status: BotReportStatus,
  reason: z.string().max(2000).nullish(),
  exit_code: z.int().nullish(),
  completion_reason: CompletionReason.nullish(),
  failure_stage: FailureStage.nullish(),
  audio_seconds_heard: z.number().min(0).nullish(),
  timestamp: z.iso.datetime(),
});
export type BotCallback = z.infer<typeof BotCallback>;

/** `ignored`: the change no longer applies (a stop won, or it is old). `command` repeats a lost `leave`. */
export const BotCallbackReply = z.object({
  status: z.enum(['processed', 'ignored']),
  command: z.literal('leave').nullish(),
});
export type BotCallbackReply = z.infer<typeof BotCallbackReply>;

/**
 * How Node is to run a bot (`NODE_OPTIONS`). Nearly all that a bot makes is sound that is sent on and forgotten: it needs no room
 * to grow old in, which saves 50 MiB a bot. One helper thread is enough for what little there is to compile and clear away.
 */
export const botNodeOptions = '--max-semi-space-size=1 --v8-pool-size=1 --disable-warning=ExperimentalWarning';
