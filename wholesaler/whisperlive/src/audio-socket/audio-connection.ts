import { once } from 'node:events';
import { verifySessionToken } from '@vexa/shared/auth/session-token';
import type { AudioConfig, AudioServerFrame } from '@vexa/shared/contracts/audio';
import { Platform } from '@vexa/shared/contracts/platform';
import type { Logger } from '@vexa/shared/logging';
import type { WebSocket } from 'ws';
import type { AudioSession } from './audio-session.ts';
import { parseAudioConfig } from './parse-config.ts';
import { parseFrame } from './parse-frame.ts';

interface Dependencies {
  sessionTokenSecret: string;
  model: string;
  logger: Logger;
  /** Undefined when there is room for one more stream, else the minutes to wait. */
  admission: () => number | undefined;
  createSession: (
    identity: { config: AudioConfig; platform: Platform; meetingId: number },
    send: (frame: AudioServerFrame) => void,
  ) => AudioSession;
}

/** Close codes of the audio socket (RFC 6455, section 7.4; 4000 and up are ours). */
export const closeCodes = { done: 1000, invalidData: 1007, policy: 1008, restart: 1012, unauthorized: 4401 } as const;

const firstMessageTimeoutMs = 10_000;
const maxBadFrames = 10;
const resumeCheckMs = 100;

/** Serves one audio connection from its first message to the session's end. Resolves when all of it is published. */
export async function serveAudioConnection(
  socket: WebSocket,
  deps: Dependencies,
  stopping: AbortSignal,
): Promise<void> {
  const send = (frame: AudioServerFrame) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  };
  const close = (code: number) => {
    socket.resume(); // a paused socket never reads the answer to its goodbye
    socket.close(code);
  };
  const refuse = (uid: string | null, message: string, code: number) => {
    send({ uid, status: 'ERROR', message });
    close(code);
  };
  const first = await firstMessage(socket);
  if (first === undefined) {
    return refuse(null, `No configuration within ${firstMessageTimeoutMs / 1000} s.`, closeCodes.policy);
  }
  const { config, problem } = parseAudioConfig(first);
  if (problem) return refuse(problem.uid, problem.message, closeCodes.policy);
  const accepted = await authorize(config, deps);
  if ('message' in accepted) return refuse(config.uid, accepted.message, accepted.code);
  const waitMinutes = deps.admission();
  if (waitMinutes !== undefined) {
    send({ uid: config.uid, status: 'WAIT', message: waitMinutes });
    return close(closeCodes.policy);
  }
  const session = deps.createSession({ config, ...accepted }, send);
  send({ uid: config.uid, message: 'SERVER_READY', backend: 'vexa-onnx' });
  const code = await receive(socket, session, send, stopping);
  await session.end();
  deps.logger.info({ uid: config.uid, meeting_id: accepted.meetingId, code }, 'audio session ended');
  if (socket.readyState === socket.OPEN) close(code);
}

async function firstMessage(socket: WebSocket): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(firstMessageTimeoutMs);
    const [data] = (await Promise.race([
      once(socket, 'message', { signal }),
      once(socket, 'close', { signal }).then(() => [undefined]),
    ])) as [Buffer | undefined];
    socket.pause(); // what follows must wait until somebody listens
    return data?.toString('utf8');
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') return undefined;
    throw error;
  }
}

type Refusal = { message: string; code: number };

async function authorize(
  config: AudioConfig,
  deps: Dependencies,
): Promise<{ platform: Platform; meetingId: number } | Refusal> {
  const claims = await verifySessionToken(deps.sessionTokenSecret, config.token);
  if (!claims) return { message: 'The token is not valid or has expired.', code: closeCodes.unauthorized };
  if (String(config.meeting_id) !== String(claims.meeting_id)) {
    return { message: 'The token belongs to another meeting than meeting_id.', code: closeCodes.unauthorized };
  }
  const platform = Platform.safeParse(config.platform);
  if (!platform.success) {
    return {
      message: `Invalid fields: platform: must be one of ${Platform.options.join(', ')}`,
      code: closeCodes.policy,
    };
  }
  const model = config.model_identifier;
  if (model && model !== deps.model) {
    return { message: `Unknown model "${model}"; available: ${deps.model}`, code: closeCodes.policy };
  }
  return { platform: platform.data, meetingId: claims.meeting_id };
}

/** Reads until the client ends, vanishes, sends too much nonsense, or the service stops; gives the close code. */
function receive(
  socket: WebSocket,
  session: AudioSession,
  send: (frame: AudioServerFrame) => void,
  stopping: AbortSignal,
): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let badFrames = 0;
  let ended = false;
  const finish = (code: number) => {
    ended = true;
    resolve(code);
  };
  socket.on('message', (data: Buffer, isBinary: boolean) => {
    if (ended) return;
    const frame = parseFrame(data, isBinary);
    switch (frame.kind) {
      case 'audio':
        void session.push(frame.samples);
        if (session.overloaded) pauseUntilCaughtUp(socket, session);
        return;
      case 'end':
        return finish(closeCodes.done);
      case 'problem':
        send({ uid: session.uid, status: 'ERROR', message: frame.message });
        badFrames += 1;
        return badFrames >= maxBadFrames ? finish(closeCodes.invalidData) : undefined;
      case 'control':
        if (frame.control.type === 'speaker_activity') session.speakerActivity(frame.control);
        if (frame.control.type === 'reconfigure') session.reconfigure(definedOnly(frame.control.payload));
        if (frame.control.type === 'session_control' && frame.control.payload.event === 'LEAVING_MEETING') {
          finish(closeCodes.done);
        }
    }
  });
  socket.once('close', () => finish(closeCodes.done));
  stopping.addEventListener('abort', () => finish(closeCodes.restart), { once: true });
  if (stopping.aborted) finish(closeCodes.restart);
  if (socket.readyState !== socket.OPEN) finish(closeCodes.done);
  socket.resume();
  return promise;
}

/** Back-pressure: the client's own buffer fills while this session's work catches up, so nothing is thrown away. */
function pauseUntilCaughtUp(socket: WebSocket, session: AudioSession): void {
  if (socket.isPaused) return;
  socket.pause();
  const timer = setInterval(() => {
    if (session.overloaded) return;
    clearInterval(timer);
    socket.resume();
  }, resumeCheckMs);
}

const definedOnly = (payload: {
  language?: string | null | undefined;
  task?: 'transcribe' | 'translate' | null | undefined;
}) => ({
  ...(payload.language === undefined ? {} : { language: payload.language }),
  ...(payload.task ? { task: payload.task } : {}),
});
