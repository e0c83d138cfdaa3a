import type { MeetingStatus } from '@vexa/shared/contracts/meeting';
import { isTerminal } from '@vexa/shared/contracts/meeting-lifecycle';
import { type Segment, transcriptChecksum } from '@vexa/shared/contracts/transcript';
import type { Db } from '@vexa/shared/db/client';
import type { Logger } from '@vexa/shared/logging';
import { z } from 'zod';
import { type MeetingRow, timeOf, upstreamRef } from '../meetings/meeting.ts';
import { findMeeting } from '../meetings/meeting-store.ts';
import type { LateReaders } from '../transcripts/visible-segments.ts';
import type { UpstreamMeeting, UpstreamRef, WholesalerClient } from '../wholesaler/client.ts';
import { isNotFoundUpstream } from '../wholesaler/wholesaler-error.ts';
import { commitTranscript, completeFinish } from './finish-store.ts';

export interface FinishDeps {
  db: Db;
  client: Pick<WholesalerClient, 'meeting' | 'transcript' | 'deleteMeeting'>;
  logger: Logger;
  /** By which each user's share of the words is counted. */
  lateReaders: LateReaders;
  /** Told once the final transcript is in our database. */
  onCached: (meetingId: number, status: MeetingStatus) => void;
}

/** The wholesaler answered, but not yet with what its event or its own words promise. */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly reason: 'still_running' | 'gone' | 'checksum';

  constructor(reason: NotReadyError['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

/** After so many refusals we take what there is, and say that it is incomplete. */
const maxRefusals = 10;

/**
 * Brings a meeting that is over at the wholesaler home: pull, verify, commit, delete there, tell its users. Each step
 * looks at what is done already, so that it may be cut off anywhere and begun again.
 */
export async function finishMeeting(deps: FinishDeps, meeting: MeetingRow): Promise<void> {
  const ref = upstreamRef(meeting);
  if (!ref) throw new Error(`meeting ${meeting.id} is to be finished and was never started`);
  if (meeting.transcript_cached_at === null) await pullTranscript(deps, meeting, ref);
  const cached = await findMeeting(deps.db, meeting.id);
  if (!cached) return;
  const isVerified = cached.expected_checksum === null || cached.expected_checksum === cached.transcript_checksum;
  if (isVerified) await deleteUpstream(deps, ref);
  else
    deps.logger.error(
      { meeting_id: meeting.id },
      'the transcript does not fit its checksum; the wholesaler keeps its copy',
    );
  await completeFinish(deps.db, meeting.id, { cleaned: isVerified });
}

async function pullTranscript(deps: FinishDeps, meeting: MeetingRow, ref: UpstreamRef): Promise<void> {
  const isLastTry = meeting.finish_refusals >= maxRefusals;
  const pulled = await pull(deps, ref);
  if (!pulled && !isLastTry) throw new NotReadyError('gone', 'the wholesaler knows nothing of the meeting');
  if (pulled && !isTerminal(pulled.upstream.status)) {
    throw new NotReadyError('still_running', `the wholesaler says the meeting is ${pulled.upstream.status}`);
  }
  const segments = pulled?.segments ?? [];
  const checksum = transcriptChecksum(segments);
  const problem = pulled && differsFrom(meeting, segments, checksum);
  if (problem && !isLastTry) throw new NotReadyError('checksum', problem);
  const facts = factsOf(meeting, pulled?.upstream);
  await commitTranscript(deps.db, meeting.id, {
    ...facts,
    segments: distinct(segments),
    checksum,
    incomplete: meeting.transcript_incomplete || !pulled || problem !== undefined,
    lateReaders: deps.lateReaders,
  });
  deps.onCached(meeting.id, facts.status);
}

async function pull(
  { client }: FinishDeps,
  ref: UpstreamRef,
): Promise<{ upstream: UpstreamMeeting; segments: Segment[] } | undefined> {
  try {
    const upstream = await client.meeting(ref);
    if (!isTerminal(upstream.status)) return { upstream, segments: [] };
    return { upstream, segments: (await client.transcript(ref)).segments };
  } catch (error) {
    if (isNotFoundUpstream(error)) return undefined;
    throw error;
  }
}

/** What is wrong with a pulled transcript, in numbers and never in words of it. */
function differsFrom(meeting: MeetingRow, segments: Segment[], checksum: string): string | undefined {
  if (distinct(segments).length !== segments.length) return 'segment ids occur twice';
  if (segments.some((segment) => !segment.completed)) return 'there are drafts among the segments';
  const { expected_checksum, expected_segments } = meeting;
  if (expected_segments !== null && expected_segments !== segments.length) {
    return `${segments.length} segments instead of ${expected_segments}`;
  }
  return expected_checksum !== null && expected_checksum !== checksum ? 'another checksum' : undefined;
}

const distinct = (segments: Segment[]): Segment[] => [
  ...new Map(segments.map((segment) => [segment.segment_id, segment])).values(),
];

function factsOf(meeting: MeetingRow, upstream: UpstreamMeeting | undefined) {
  if (!upstream) {
    const { start_time, end_time } = meeting;
    return {
      status: 'failed' as const,
      completion_reason: 'bot_lost' as const,
      failure_stage: null,
      start_time,
      end_time,
      reason: undefined,
    };
  }
  return {
    status: upstream.status,
    completion_reason: upstream.completion_reason,
    failure_stage: upstream.failure_stage,
    start_time: timeOf(upstream.start_time),
    end_time: timeOf(upstream.end_time),
    reason: History.safeParse(upstream.data).data?.status_transition.at(-1)?.reason,
  };
}

/** Where the wholesaler says in words how the meeting ended. */
const History = z.object({ status_transition: z.array(z.object({ reason: z.string().max(2_000).optional() })) });

async function deleteUpstream({ client }: FinishDeps, ref: UpstreamRef): Promise<void> {
  try {
    await client.deleteMeeting(ref);
  } catch (error) {
    if (!isNotFoundUpstream(error)) throw error; // gone is what we want
  }
}
