import { randomBytes } from 'node:crypto';
import { AutomaticLeave, type StartBotRequest, Task } from '@vexa/shared/contracts/meeting';
import { z } from 'zod';

/** What a bot was asked for, as kept in the meeting's data: a replacement is started from it. */
const BotSettings = z.object({
  bot_name: z.string(),
  language: z.string().nullable().default(null),
  task: Task.default('transcribe'),
  model_identifier: z.string().nullable().default(null),
  automatic_leave: AutomaticLeave.default({}),
  /** Of the request that asked for the bot. */
  request_id: z.string().optional(),
  traceparent: z.string().optional(),
});
export type BotSettings = z.infer<typeof BotSettings>;

export const settingsOf = (data: Record<string, unknown>): BotSettings =>
  BotSettings.parse({ ...data, bot_name: data.bot_name ?? 'VexaBot' });

export const settingsFrom = (request: StartBotRequest): BotSettings => ({
  bot_name: request.bot_name ?? `VexaBot-${randomBytes(3).toString('hex')}`,
  language: request.language ?? null,
  task: request.task ?? 'transcribe',
  model_identifier: request.model_identifier ?? null,
  automatic_leave: request.automatic_leave ?? {},
});

const waitingRoomMs = 300_000;
const maxBotMs = 14_400_000;

/** The bot's own time limits in the terms of `BOT_CONFIG`, milliseconds. */
export const automaticLeaveOf = ({ automatic_leave: leave }: BotSettings) => ({
  waitingRoomTimeout: leave.max_wait_for_admission ?? waitingRoomMs,
  noOneJoinedTimeout: leave.no_one_joined_timeout ?? 120_000,
  everyoneLeftTimeout: leave.max_time_left_alone ?? 60_000,
  maxBotTime: leave.max_bot_time ?? maxBotMs,
});
