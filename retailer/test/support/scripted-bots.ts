import type { Runner } from '@vexa/bot-manager/runners/runner';
import type { BotCallback, BotConfig } from '@vexa/shared/contracts/bot';
import { channels, streams } from '@vexa/shared/contracts/redis-names';
import type { StreamMessage } from '@vexa/shared/contracts/stream-messages';
import type { connectRedis } from '@vexa/shared/redis/client';
import { waitFor } from '@vexa/shared/testing/wait-for';

/** A bot as the wholesaler sees it: it reports, hears commands, and its words are in the stream. No browser, no Whisper. */
export interface ScriptedBot {
  readonly config: BotConfig;
  /** Everything it was told. */
  readonly commands: Record<string, unknown>[];
  readonly isRunning: boolean;
  /** Says something, final at once, as whisperlive would write it. */
  say(speaker: string, ...texts: string[]): Promise<void>;
  /** Leaves by itself. */
  end(reason?: BotCallback['completion_reason']): Promise<void>;
}

export interface ScriptedBots extends Runner {
  /** Every bot that was ever started. */
  readonly started: readonly ScriptedBot[];
  /** The latest bot of a meeting, once it is active there. */
  active(nativeId: string): Promise<ScriptedBot>;
}

type Redis = ReturnType<typeof connectRedis>;

const nativeIdOf = (bot: ScriptedBot) => bot.config.nativeMeetingId;

/** Runs bots that do what a test says and leave when they are told to. */
export function createScriptedBots(redis: Redis): ScriptedBots {
  const started: (ScriptedBot & { name: string; reported: Promise<void> })[] = [];
  const listeners = new Set<Parameters<Runner['onExit']>[0]>();
  const running = () => started.filter((bot) => bot.isRunning);
  const findById = (id: string) => running().find(({ name }) => id === `id-of-${name}`);
  const subscriber = redis.duplicate();
  void subscriber.psubscribe(channels.botCommands('*'));
  subscriber.on('pmessage', (_pattern, channel, message) => {
    const bot = started.find(({ config }) => channels.botCommands(config.connectionId) === channel);
    const command = JSON.parse(message);
    bot?.commands.push(command);
    if (command.action === 'leave') void bot?.end('stopped');
  });
  const onGone = (name: string) => {
    for (const listener of listeners) listener({ name, exitCode: 0 });
  };
  return {
    started,
    async active(nativeId) {
      const bot = await waitFor(`a bot in ${nativeId}`, () => started.findLast((one) => nativeIdOf(one) === nativeId));
      await bot.reported;
      return bot;
    },
    async start({ name, config }) {
      const bot = createBot(redis, config, () => onGone(name));
      started.push(Object.assign(bot, { name, reported: bot.join() }));
      return { id: `id-of-${name}`, name };
    },
    async stop(id) {
      await findById(id)?.end('stopped');
    },
    list: async () => running().map(({ name }) => ({ id: `id-of-${name}`, name })),
    find: async (name) => (findById(`id-of-${name}`) ? { id: `id-of-${name}`, name } : undefined),
    onExit(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    logs: async () => [],
    async [Symbol.asyncDispose]() {
      subscriber.disconnect();
    },
  };
}

function createBot(redis: Redis, config: BotConfig, onGone: () => void) {
  const sessions = new Map<string, { uid: string; said: number }>();
  const commands: Record<string, unknown>[] = [];
  const startedAt = Date.now();
  let running = true;
  let ended: Promise<void> | undefined;
  const { token, connectionId } = config;
  const write = (message: StreamMessage) =>
    redis.xadd(streams.segments, '*', 'payload', JSON.stringify(message)).then(() => undefined);
  const sessionOf = async (speaker: string) => {
    const known = sessions.get(speaker);
    if (known) return known;
    const session = { uid: `${connectionId}-${sessions.size}`, said: 0 };
    sessions.set(speaker, session);
    await write({
      v: 1,
      type: 'session_start',
      uid: session.uid,
      token,
      platform: config.platform,
      meeting_id: config.meeting_id,
      native_meeting_id: config.nativeMeetingId,
      model_identifier: 'tiny.en',
      start_timestamp: new Date(startedAt).toISOString(),
      speaker,
    });
    return session;
  };
  const bot = {
    config,
    commands,
    get isRunning() {
      return running;
    },
    async join() {
      await report(config, { status: 'joining' });
      await report(config, { status: 'active' });
    },
    async say(speaker: string, ...texts: string[]) {
      const { uid, ...session } = await sessionOf(speaker);
      const segments = texts.map((text, i) => {
        const n = session.said + i;
        return { segment_id: `${uid}:${n}`, start: n * 3, end: n * 3 + 2.5, text, language: 'en', completed: true };
      });
      sessions.set(speaker, { uid, said: session.said + texts.length });
      await write({ v: 1, type: 'transcription', uid, token, segments });
    },
    /** As a real one, it runs until its end is reported: before, it would be taken for lost. */
    end(reason: BotCallback['completion_reason'] = 'meeting_ended') {
      ended ??= leave(reason);
      return ended;
    },
  };
  const leave = async (completion_reason: BotCallback['completion_reason']) => {
    for (const { uid, said } of sessions.values()) {
      const seconds = said * 3;
      const end_timestamp = new Date().toISOString();
      await write({
        v: 1,
        type: 'session_end',
        uid,
        token,
        end_timestamp,
        audio_seconds: seconds,
        speech_seconds: seconds,
      });
    }
    await report(config, { status: 'completed', completion_reason, exit_code: 0 });
    running = false;
    onGone();
  };
  return bot;
}

async function report(config: BotConfig, callback: Partial<BotCallback>): Promise<void> {
  const response = await fetch(config.botManagerCallbackUrl, {
    method: 'POST',
    headers: { authorization: `Bearer ${config.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ connection_id: config.connectionId, timestamp: new Date().toISOString(), ...callback }),
  });
  await response.body?.cancel();
}
