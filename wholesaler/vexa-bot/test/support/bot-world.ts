import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { joinAsParticipant, type ScriptedParticipant } from '@vexa/meeting-room/scripted-participant';
import { createService } from '@vexa/meeting-room/service';
import type { BotCallback } from '@vexa/shared/contracts/bot';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { BotSettings, MeetingConfig } from '../../src/config.ts';
import { type BotRun, startBot } from '../../src/run-bot.ts';
import { type ManagerServer, startManagerServer } from './manager-server.ts';
import { startTranscriptionServer, type TranscriptionServer } from './transcription-server.ts';

export interface Room {
  id: string;
  url: string;
  /** Joins as the host, who is also somebody to keep the bot company. */
  join(name: string, how?: { botsOnly?: boolean }): Promise<ScriptedParticipant>;
  end(): Promise<void>;
  botId(): Promise<string>;
  admit(): Promise<void>;
  deny(): Promise<void>;
  remove(): Promise<void>;
}

export interface BotWorld extends AsyncDisposable {
  transcription: TranscriptionServer;
  manager: ManagerServer;
  openRoom(options?: { lobby?: boolean; id?: string }): Promise<Room>;
  /** Fields of BOT_CONFIG for a bot sent to this room. */
  meetingConfig(room: Pick<Room, 'id' | 'url'>, changes?: ConfigChanges): MeetingConfig;
  send(room: Pick<Room, 'id' | 'url'>, changes?: ConfigChanges): SentBot;
}

export interface SentBot extends BotRun {
  connectionId: string;
  /** What this bot reported and the manager took, heartbeats left out. */
  reports(): BotCallback[];
  until(status: BotCallback['status']): Promise<unknown>;
}

type ConfigChanges = Partial<Omit<MeetingConfig, 'automaticLeave'>> & {
  automaticLeave?: Partial<MeetingConfig['automaticLeave']>;
};

export const token = 'a-session-token-that-stays-secret';
export const voice = (name: string): string =>
  fileURLToPath(import.meta.resolve(`@vexa/shared/testing/voices/${name}.wav`));

const headed = process.env.HEADED === '1';
const logLevel = process.env.TEST_LOG_LEVEL === 'debug' ? 'debug' : 'silent';

/** A real meeting room and real browsers; a manager and a transcription service that only remember. */
export async function startBotWorld(
  redisUrl: string,
  { diagnosisDir }: { diagnosisDir?: string } = {},
): Promise<BotWorld> {
  const stack = new AsyncDisposableStack();
  const logger = createLogger('test', logLevel);
  const rooms = stack.use(
    createService(
      { http: { port: 0, host: '127.0.0.1' }, iceServers: [], faces: true },
      { logger, limits: { reconnectGraceMs: 500 } },
    ),
  );
  const { url: server } = await rooms.start();
  const manager = stack.use(await startManagerServer());
  const transcription = stack.use(await startTranscriptionServer());
  const bots = new Set<BotRun>();
  stack.defer(async () => {
    for (const bot of bots) bot.leave('The test is over.');
    await Promise.all([...bots].map(({ finished }) => finished));
  });

  const meetingConfig: BotWorld['meetingConfig'] = (room, { automaticLeave, ...changes } = {}) => ({
    meeting_id: 7,
    platform: 'local',
    meetingUrl: room.url,
    botName: 'Vexa Notes',
    nativeMeetingId: room.id,
    connectionId: randomUUID(),
    token,
    language: 'en',
    task: 'transcribe',
    model_identifier: null,
    redisUrl,
    whisperLiveUrl: transcription.url,
    botManagerCallbackUrl: manager.url,
    automaticLeave: {
      waitingRoomTimeout: 20_000,
      noOneJoinedTimeout: 20_000,
      everyoneLeftTimeout: 20_000,
      maxBotTime: 60_000,
      ...automaticLeave,
    },
    ...changes,
  });
  return {
    manager,
    transcription,
    meetingConfig,
    openRoom: (options) => openRoom(server, options),
    send(room, changes) {
      const meeting = meetingConfig(room, changes);
      const settings: BotSettings = {
        meeting,
        containerId: 'vexa-bot-7-0123abcd',
        chromium: { path: undefined, searchPath: process.env.PATH ?? '', headed },
        browser: { headed, flags: [], profileDir: undefined, proxy: undefined },
        diagnosisDir,
        heartbeatMs: 200,
        logLevel,
      };
      const bot = startBot(settings, { logger, finalReportDeadlineMs: 5_000 });
      bots.add(bot);
      const { connectionId } = meeting;
      const reports = () =>
        manager.callbacks.filter((c) => c.connection_id === connectionId && c.status !== 'heartbeat');
      const until: SentBot['until'] = (status) =>
        waitFor(`the report ${status}`, () => reports().some((report) => report.status === status), {
          deadlineMs: 40_000,
        });
      return { ...bot, connectionId, reports, until };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function openRoom(server: string, { lobby = false, id }: { lobby?: boolean; id?: string } = {}): Promise<Room> {
  const ask = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(new URL(path, server), {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json() as Promise<Record<string, never>>;
  };
  const {
    room,
    url,
    host_key: hostKey,
  }: Record<string, string> = await ask('/api/rooms', {
    lobby,
    ...(id && { room: id }),
  });
  if (!room || !url || !hostKey) throw new Error('The room was not made.');
  const asHost = { 'x-host-key': hostKey };
  const botId = async () => {
    const view = (await ask(`/api/rooms/${room}`, undefined, asHost)) as unknown as {
      participants: { id: string; kind: string }[];
      waiting: { id: string; kind: string }[];
    };
    const bot = [...view.participants, ...view.waiting].find(({ kind }) => kind === 'bot');
    if (!bot) throw new Error('There is no bot in the room.');
    return bot.id;
  };
  const decide = (verb: string) => async () => {
    await ask(`/api/rooms/${room}/participants/${await botId()}/${verb}`, {}, asHost);
  };
  return {
    id: room,
    url,
    botId,
    async join(name, how) {
      const participant = joinAsParticipant({ server, room, name, hostKey, ...how });
      await participant.waitUntilAdmitted();
      return participant;
    },
    end: async () => void (await ask(`/api/rooms/${room}/end`, {}, asHost)),
    admit: decide('admit'),
    deny: decide('deny'),
    remove: decide('remove'),
  };
}
