import type { Transcript } from '@vexa/shared/contracts/transcript';
import { ApiClient } from '@vexa/shared/testing/api-client';
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Stack } from '../stack/stack.ts';
import { findLeftovers, type Leftover } from './leftovers.ts';
import { openLiveView } from './live-view.ts';
import { everyTurnIsFinal, type MeetingFigures, measureMeeting } from './measure.ts';
import { openRoom } from './meeting.ts';
import { createLivePrinter } from './print-live.ts';
import type { ScriptedTurn } from './script.ts';

export interface DemoResult {
  transcript: Transcript;
  figures: MeetingFigures;
  leftovers: Leftover[];
  wholesalerAnswer: number;
  sharedWithSecondUser: boolean;
}

const joinDeadlineMs = 60_000;
const finishDeadlineMs = 120_000;

/** One whole meeting through both products, told step by step on `out`. */
export async function runDemo(stack: Stack, script: ScriptedTurn[], out: NodeJS.WriteStream): Promise<DemoResult> {
  const say = (text: string) => out.write(`\n${text}\n`);
  const ann = await userOf(stack, 'ann@example.com');
  const ben = await userOf(stack, 'ben@example.com');
  const nativeId = `demo-${Date.now().toString(36)}`;
  await using room = await openRoom(stack.urls.room, nativeId, script);
  say(`The room is open: ${room.url}`);

  const started = await ann.startBot(nativeId);
  if (started.status !== 201) throw new Error(`POST /bots answered ${started.status}: ${JSON.stringify(started.body)}`);
  const attached = await ben.startBot(nativeId);
  say('Two users of the retailer asked for a bot; one bot is on its way. Waiting until it is in the meeting …');
  await waitFor('the bot to be active', () => isIn(ann, nativeId, 'active'), {
    deadlineMs: joinDeadlineMs,
    everyMs: 250,
  });

  say('Live transcript, as the users of the retailer see it:\n');
  const printer = createLivePrinter(out);
  await using live = await openLiveView({ ...ann, nativeId, onSegment: printer.show });
  const turns = await room.play(script);
  await waitFor('the last words to be final', () => everyTurnIsFinal(turns, live.seen), { deadlineMs: 30_000 });
  printer.finish();

  say('The host ends the meeting. Waiting until the retailer has the finished transcript …');
  await room.endForAll();
  const transcript = await waitFor('the finished transcript', () => finished(ann, nativeId), {
    deadlineMs: finishDeadlineMs,
    everyMs: 250,
  });
  const copy = await ben.transcript(nativeId);
  const wholesaler = new ApiClient(stack.urls.gateway, stack.systemKey);
  const texts = transcript.segments.map((segment) => segment.text);
  const leftovers = await waitForNothingLeft(stack, texts);
  return {
    transcript,
    figures: measureMeeting(turns, transcript.segments, live.seen),
    leftovers,
    wholesalerAnswer: (await wholesaler.transcript(nativeId)).body.segments?.length ?? 0,
    sharedWithSecondUser: attached.status === 200 && copy.body.segments?.length === transcript.segments.length,
  };
}

async function userOf(stack: Stack, email: string): Promise<ApiClient> {
  const user = await stack.retailerAdmin.createUser(email);
  return new ApiClient(stack.urls.retailer, user.key);
}

async function isIn(client: ApiClient, nativeId: string, status: string): Promise<boolean> {
  const { body } = await client.meeting(nativeId);
  if (body.status === 'failed') throw new Error(`The bot failed: ${JSON.stringify(body.data)}`);
  return body.status === status;
}

async function finished(client: ApiClient, nativeId: string): Promise<Transcript | undefined> {
  const { status, body } = await client.transcript(nativeId);
  return status === 200 && body.source === 'history' ? body : undefined;
}

/** The wholesaler is told to delete after the retailer committed: give it a moment, then report what it kept. */
async function waitForNothingLeft(stack: Stack, texts: string[]): Promise<Leftover[]> {
  let leftovers: Leftover[] = [];
  const look = async () => {
    leftovers = await findLeftovers(stack.wholesalerDatabaseUrl, stack.redisUrl, texts);
    return leftovers.length === 0;
  };
  try {
    await waitFor('the wholesaler to be empty', look, { deadlineMs: 20_000, everyMs: 500 });
  } catch (error) {
    if (leftovers.length === 0) throw error;
  }
  return leftovers;
}
