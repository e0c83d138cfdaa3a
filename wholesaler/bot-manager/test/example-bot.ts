import type { BotSpec } from '../src/runners/runner.ts';

/** A bot that could run; nothing listens where it would report to. */
export const exampleBot: BotSpec = {
  name: 'vexa-bot-7-0000abcd',
  labels: { 'vexa.user_id': '3', 'vexa.meeting_id': '7' },
  config: {
    meeting_id: 7,
    platform: 'local',
    meetingUrl: 'http://127.0.0.1:9/room',
    botName: 'Vexa',
    nativeMeetingId: 'room',
    connectionId: 'c',
    token: 'a-token',
    language: null,
    task: 'transcribe',
    model_identifier: null,
    redisUrl: 'redis://127.0.0.1:9',
    whisperLiveUrl: 'ws://127.0.0.1:9',
    botManagerCallbackUrl: 'http://127.0.0.1:9/callback',
    automaticLeave: {
      waitingRoomTimeout: 300_000,
      noOneJoinedTimeout: 120_000,
      everyoneLeftTimeout: 60_000,
      maxBotTime: 3_600_000,
    },
  },
};
