import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { signIdentity, signServiceCall } from '@vexa/shared/auth/identity-token';
import { signSessionToken } from '@vexa/shared/auth/session-token';
import { BotCallback, type BotConfig } from '@vexa/shared/contracts/bot';
import { DrainReply } from '@vexa/shared/contracts/internal';
import type { Platform } from '@vexa/shared/contracts/platform';
import { type Segment, Transcript } from '@vexa/shared/contracts/transcript';
import { startPostgres } from '@vexa/shared/local/postgres';
import { startRedis } from '@vexa/shared/local/redis';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { migrateWholesaler } from '@vexa/wholesaler-database/migrate';
import postgres from 'postgres';
import { ServiceProcess } from '../stack/service-process.ts';
import { createWiring, urlsOf, wholesalerServices } from '../stack/wiring.ts';

export interface Meeting {
  id: number;
  /** Authenticates audio and the bot's reports. */
  token: string;
  /** All that was said, once nothing of it may change any more. */
  transcript(): Promise<Segment[]>;
}

export interface RunningBot {
  active: Promise<unknown>;
  /** Resolves when it is gone; rejects unless it parted in good order. */
  gone: Promise<void>;
}

/** A room with faces, Whisper, the collector, and bots: what words pass on their way. */
export interface HearingNetwork extends AsyncDisposable {
  roomUrl: string;
  audioUrl: string;
  newMeeting(): Promise<Meeting>;
  sendBot(meeting: Meeting, to: { platform: Platform; url: string; nativeId: string }): RunningBot;
}

const userId = 1;
const needed = ['whisperlive', 'meeting-room', 'transcription-collector'];
const botMain = fileURLToPath(new URL('../../../wholesaler/vexa-bot/src/main.ts', import.meta.url));

export async function startHearingNetwork(extraEnv: Record<string, string>): Promise<HearingNetwork> {
  await using cleanup = new AsyncDisposableStack();
  const server = cleanup.use(await startPostgres());
  const redis = cleanup.use(await startRedis());
  const databaseUrl = await server.createDatabase('vexa_quality');
  await migrateWholesaler(databaseUrl);
  const sql = postgres(databaseUrl, { max: 2, onnotice: () => {} });
  cleanup.defer(() => sql.end());
  const wiring = await createWiring();
  const { secrets } = wiring;
  const stores = { wholesalerDatabaseUrl: databaseUrl, retailerDatabaseUrl: '', redisUrl: redis.url };
  const env = { whisperlive: extraEnv, 'meeting-room': { FACES: '1' }, 'transcription-collector': {} };
  for (const definition of wholesalerServices(wiring, stores, env)) {
    if (!needed.includes(definition.name)) continue;
    const service = new ServiceProcess(definition, logTrouble, (name) => console.error(`${name} ended by itself`));
    await cleanup.use(service).start();
  }
  const manager = cleanup.use(await startManager());
  const urls = urlsOf(wiring);
  const collector = `http://127.0.0.1:${wiring.ports.collector}`;
  const owned = cleanup.move();
  return {
    roomUrl: urls.room,
    audioUrl: urls.audio,
    async newMeeting() {
      const nativeId = randomUUID();
      const [row] = await sql<{ id: number }[]>`
        insert into meetings (user_id, platform, platform_specific_id, status)
        values (${userId}, 'local', ${nativeId}, 'active') returning id`;
      if (!row) throw new Error('The meeting was not made.');
      const { id } = row;
      const token = await signSessionToken(secrets.sessionToken, {
        meeting_id: id,
        user_id: userId,
        connection_id: nativeId,
      });
      return {
        id,
        token,
        transcript: () => transcriptOf(collector, secrets.internalToken, { id, nativeId }),
      };
    },
    sendBot(meeting, { platform, url, nativeId }) {
      const connectionId = randomUUID();
      const config: BotConfig = {
        ...{ meeting_id: meeting.id, platform, meetingUrl: url, botName: 'Vexa Notes', nativeMeetingId: nativeId },
        ...{ connectionId, token: meeting.token, language: 'en', task: 'transcribe', model_identifier: null },
        ...{ redisUrl: redis.url, whisperLiveUrl: urls.audio, botManagerCallbackUrl: manager.url },
        automaticLeave: {
          ...{ waitingRoomTimeout: 60_000, noOneJoinedTimeout: 60_000 },
          ...{ everyoneLeftTimeout: 60_000, maxBotTime: 1_200_000 },
        },
      };
      return runBot(config, manager);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const logTrouble = (service: string, line: string) => {
  if (/"level":(50|60)/.test(line)) console.error(`${service}: ${line}`);
};

function runBot(config: BotConfig, manager: Manager): RunningBot {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HEADED: process.env.HEADED,
    DISPLAY: process.env.DISPLAY,
  };
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', botMain], {
    env: { ...env, BOT_CONFIG: JSON.stringify(config), LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const gone = once(child, 'exit').then(([code]) => {
    if (code !== 0) throw new Error(`The bot ended with ${code}.`);
  });
  gone.catch(() => {}); // whoever waits for it is told
  const active = waitFor(
    'the bot to be in the meeting',
    () => manager.statuses(config.connectionId).includes('active'),
    {
      deadlineMs: 90_000,
      everyMs: 100,
    },
  );
  return { active: Promise.race([active, gone]), gone };
}

interface Manager extends AsyncDisposable {
  url: string;
  statuses(connectionId: string): string[];
}

/** Takes what bots report. */
async function startManager(): Promise<Manager> {
  const reports: BotCallback[] = [];
  const http = createServer(async (request, response) => {
    reports.push(BotCallback.parse(await new Response(request as unknown as ReadableStream).json()));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"processed"}');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/callback`,
    statuses: (id) => reports.filter(({ connection_id }) => connection_id === id).map(({ status }) => status),
    async [Symbol.asyncDispose]() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

async function transcriptOf(
  collector: string,
  secret: string,
  { id, nativeId }: { id: number; nativeId: string },
): Promise<Segment[]> {
  await waitFor(
    'the words to be stored',
    async () => {
      const response = await fetch(`${collector}/internal/meetings/${id}/drain`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-vexa-identity': await signServiceCall(secret, 'bot-manager'),
        },
        body: JSON.stringify({ force: false }),
      });
      return DrainReply.parse(await response.json()).drained;
    },
    { deadlineMs: 60_000, everyMs: 200 },
  );
  const identity = await signIdentity(secret, {
    ...{ user_id: userId, email: 'quality@example.com', scopes: ['tx'], max_concurrent_bots: 1, plan: null },
  });
  const url = `${collector}/transcripts/local/${nativeId}?meeting_id=${id}`;
  const response = await fetch(url, { headers: { 'x-vexa-identity': identity } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return Transcript.parse(await response.json()).segments;
}
