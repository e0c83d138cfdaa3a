import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import { botNodeOptions } from '@vexa/shared/contracts/bot';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { type BotWorld, voice } from '../test/support/bot-world.ts';

export interface BenchMeeting extends AsyncDisposable {
  /** Of the bot, which leads all its processes. */
  pid: number;
  /** From the start of its process until it said that it is in the meeting. */
  startMs: number;
  /** Seconds of audio that arrived at the transcription service, for each speaker. */
  heardSeconds(): number[];
}

const entry = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const clips = ['pv-en', 'lv-sense-0870', 'lv-sense-0890', 'sb-spk1_snt2', 'lv-sense-0920', 'sb-spk2_snt1'].map(voice);
const patient = { deadlineMs: 120_000 };
const hour = 3_600_000;

export interface Plan {
  speakers: number;
  /** Somebody always talks; one after the other, or all at once. */
  inTurns: boolean;
}

/** A bot of its own process in a room of its own, with people who talk all the time. */
export async function startMeeting(
  world: BotWorld,
  { speakers, inTurns, env }: Plan & { env: NodeJS.ProcessEnv },
): Promise<BenchMeeting> {
  await using stack = new AsyncDisposableStack();
  const room = await world.openRoom();
  const names = Array.from({ length: speakers }, (_, n) => `Speaker ${n + 1} of ${room.id}`);
  const talking = new AbortController();
  stack.defer(() => talking.abort());
  const people: ScriptedParticipant[] = [];
  for (const name of names) people.push(stack.use(await room.join(name, { botsOnly: true })));
  const talkers = inTurns ? [people] : people.map((person) => [person]);
  for (const [index, taking] of talkers.entries()) {
    void takeTurns(taking, index, talking.signal).catch(() => undefined); // they are cut off at the end
  }
  const stays = { noOneJoinedTimeout: hour, everyoneLeftTimeout: hour, maxBotTime: hour };
  const config = world.meetingConfig(room, { automaticLeave: stays });
  const startedAt = performance.now();
  const bot = spawn(process.execPath, [entry], {
    env: { ...env, NODE_OPTIONS: botNodeOptions, BOT_CONFIG: JSON.stringify(config), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const kill = () => bot.kill('SIGKILL');
  process.once('exit', kill);
  stack.defer(async () => {
    await end(bot);
    process.off('exit', kill);
  });
  const says = (status: string) =>
    world.manager.callbacks.some((c) => c.connection_id === config.connectionId && c.status === status);
  await waitFor('the bot to be in the meeting', () => says('active'), patient);
  const startMs = performance.now() - startedAt;
  const heardSeconds = () => names.map((name) => world.transcription.of(name).at(-1)?.seconds() ?? 0);
  await waitFor('everybody to be heard', () => heardSeconds().every((seconds) => seconds > 0), patient);
  const meeting = stack.move();
  return { pid: bot.pid ?? 0, startMs, heardSeconds, [Symbol.asyncDispose]: () => meeting.disposeAsync() };
}

async function takeTurns(people: readonly ScriptedParticipant[], firstClip: number, over: AbortSignal): Promise<void> {
  for (let n = 0; people.length > 0 && !over.aborted; n += 1) {
    await people[n % people.length]?.speak(clips[(firstClip + n) % clips.length] ?? '');
  }
}

async function end(bot: ChildProcess): Promise<void> {
  if (bot.exitCode !== null || bot.signalCode !== null) return;
  const exited = once(bot, 'exit');
  bot.kill('SIGTERM');
  await exited;
}
