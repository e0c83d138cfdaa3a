import { z } from '@hono/zod-openapi';
import { fieldError } from '../errors.ts';
import { whisperLanguages } from './languages.ts';
import { parseMeetingLink } from './meeting-link.ts';
import { nativeIdProblem, Platform, type PlatformHosts } from './platform.ts';
import { isStorable, StorableText } from './text.ts';

export const MeetingStatus = z.enum([
  'requested',
  'joining',
  'awaiting_admission',
  'needs_human_help',
  'active',
  'stopping',
  'completed',
  'failed',
]);
export type MeetingStatus = z.infer<typeof MeetingStatus>;

export const CompletionReason = z.enum([
  'stopped',
  'stopped_before_admission',
  'awaiting_admission_timeout',
  'awaiting_admission_rejected',
  'left_alone',
  'startup_alone',
  'evicted',
  'meeting_ended',
  'max_bot_time_exceeded',
  'validation_error',
  'join_failure',
  'bot_crashed',
  'bot_lost',
  'completed_empty',
]);
export type CompletionReason = z.infer<typeof CompletionReason>;

export const FailureStage = z.enum(['requested', 'joining', 'awaiting_admission', 'active']);
export type FailureStage = z.infer<typeof FailureStage>;

export const AutomaticLeave = z
  .object({
    max_wait_for_admission: z.int().min(1_000).max(3_600_000).optional(),
    no_one_joined_timeout: z.int().min(1_000).max(3_600_000).optional(),
    max_time_left_alone: z.int().min(1_000).max(3_600_000).optional(),
    max_bot_time: z.int().min(1_000).max(86_400_000).optional(),
  })
  .openapi('AutomaticLeave', { description: 'When the bot gives up or leaves by itself, in milliseconds.' });
export type AutomaticLeave = z.infer<typeof AutomaticLeave>;

export const Language = z
  .string()
  .refine((code) => whisperLanguages.includes(code), 'must be a language code of Whisper such as en, or null to detect')
  .openapi({ example: 'en' });
export const Task = z.enum(['transcribe', 'translate']);
export type Task = z.infer<typeof Task>;

/** All of it comes with every meeting of a list. */
const maxMetadataEntries = 50;

export const StartBotRequest = z
  .object({
    platform: Platform.optional(),
    native_meeting_id: z.string().min(1).max(128).optional().openapi({ example: 'team-standup' }),
    meeting_url: StorableText(2_048).pipe(z.string().trim().min(1)).nullish().openapi({
      description: 'The link as people paste it, in place of `platform`, `native_meeting_id` and `passcode`.',
    }),
    bot_name: StorableText(64).pipe(z.string().trim().min(1)).optional(),
    language: Language.nullish(),
    task: Task.nullish(),
    model_identifier: z
      .string()
      .regex(/^[\w./:-]{1,64}$/, 'must be the name of a model such as tiny.en')
      .nullish(),
    passcode: z
      .string()
      .min(1)
      .max(128)
      .refine(isStorable, { message: 'must be text without NUL characters' })
      .nullish(),
    automatic_leave: AutomaticLeave.nullish(),
    metadata: z
      .record(StorableText(64), StorableText(512))
      .refine(
        (entries) => Object.keys(entries).length <= maxMetadataEntries,
        `must not have over ${maxMetadataEntries} entries`,
      )
      .nullish(),
  })
  .superRefine(({ meeting_url, platform, native_meeting_id }, ctx) => {
    if (meeting_url) return;
    const problem = (field: string, message: string) => ctx.addIssue({ code: 'custom', path: [field], message });
    if (!platform) problem('platform', 'is required unless meeting_url is given');
    if (!native_meeting_id) problem('native_meeting_id', 'is required unless meeting_url is given');
    const wrong = platform && native_meeting_id && nativeIdProblem(platform, native_meeting_id);
    if (wrong) problem('native_meeting_id', wrong);
  })
  .openapi('StartBotRequest', {
    description: 'Name the meeting by `platform` and `native_meeting_id`, or by `meeting_url`.',
  });
export type StartBotRequest = z.infer<typeof StartBotRequest>;

/** A request of which it is known what meeting it is for; `meeting_url` only where the native id does not make the link. */
export type MeetingRequest = StartBotRequest & { platform: Platform; native_meeting_id: string };

/** Finds out what meeting is meant. Throws `validation_error` naming the field. */
export function toMeetingRequest(request: StartBotRequest, hosts: PlatformHosts): MeetingRequest {
  const { meeting_url, platform, native_meeting_id, passcode, ...rest } = request;
  if (!meeting_url) {
    if (platform && native_meeting_id) return { ...rest, platform, native_meeting_id, ...(passcode && { passcode }) };
    throw fieldError(['body', 'meeting_url'], 'is required where platform and native_meeting_id are not given');
  }
  const link = parseMeetingLink(meeting_url, hosts);
  if ('problem' in link) throw fieldError(['body', 'meeting_url'], link.problem);
  if (platform && platform !== link.platform) {
    throw fieldError(['body', 'platform'], `is not the one of meeting_url, which is ${link.platform}`);
  }
  if (native_meeting_id && native_meeting_id !== link.nativeId) {
    throw fieldError(['body', 'native_meeting_id'], 'is not the one in meeting_url');
  }
  const known = passcode ?? link.passcode;
  return {
    ...rest,
    platform: link.platform,
    native_meeting_id: link.nativeId,
    ...(known && { passcode: known }),
    ...(link.url && { meeting_url: link.url }),
  };
}

export const ReconfigureBotRequest = z
  .object({ language: Language.nullish(), task: Task.nullish() })
  .refine((value) => value.language !== undefined || value.task !== undefined, {
    message: 'give language, task or both',
  })
  .openapi('ReconfigureBotRequest');
export type ReconfigureBotRequest = z.infer<typeof ReconfigureBotRequest>;

const Time = z.iso.datetime().openapi({ example: '2026-08-01T09:00:00.000Z' });

export const Meeting = z
  .object({
    id: z.int().openapi({ example: 17 }),
    user_id: z.int().openapi({ example: 1 }),
    platform: Platform,
    native_meeting_id: z.string().openapi({ example: 'team-standup' }),
    constructed_meeting_url: z.string().nullable(),
    status: MeetingStatus,
    completion_reason: CompletionReason.nullable(),
    failure_stage: FailureStage.nullable(),
    bot_container_id: z.string().nullable(),
    start_time: Time.nullable(),
    end_time: Time.nullable(),
    data: z.record(z.string(), z.unknown()),
    metadata: z.record(z.string(), z.string()),
    created_at: Time,
    updated_at: Time,
  })
  .openapi('Meeting');
export type Meeting = z.infer<typeof Meeting>;

export const MeetingList = z
  .object({ meetings: z.array(Meeting), next_cursor: z.string().nullable() })
  .openapi('MeetingList');

const Offset = z.coerce.number().int().min(0).max(1_000_000).optional();

/** `cursor` costs the same however far one reads; `offset` and `skip` are for old clients. */
export const MeetingListQuery = z.object({
  status: MeetingStatus.optional(),
  platform: Platform.optional(),
  search: StorableText(128)
    .pipe(z.string().trim().min(1))
    .optional()
    .openapi({ description: 'Part of the native id, the name or a participant, in any case of letters.' }),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(64).optional(),
  offset: Offset,
  skip: Offset,
});

export const MeetingPath = z.object({
  platform: Platform.openapi({ param: { name: 'platform', in: 'path' }, example: 'local' }),
  native_meeting_id: z
    .string()
    .min(1)
    .max(128)
    .openapi({ param: { name: 'native_meeting_id', in: 'path' }, example: 'team-standup' }),
});

/** Names one of several meetings held under the same native id; without it the latest is meant. */
export const MeetingIdQuery = z.object({ meeting_id: z.coerce.number().int().positive().optional() });

export const Message = z.object({ message: z.string() }).openapi('Message');

export const RunningBots = z
  .object({
    running_bots: z.array(
      z.object({
        container_id: z.string().nullable(),
        container_name: z.string().nullable(),
        platform: Platform,
        native_meeting_id: z.string(),
        status: z.string(),
        normalized_status: MeetingStatus,
        created_at: Time,
        labels: z.record(z.string(), z.string()),
        meeting_id_from_name: z.string().nullable(),
      }),
    ),
  })
  .openapi('RunningBots');
