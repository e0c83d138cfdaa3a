import { verifySessionToken } from '@vexa/shared/auth/session-token';
import type { AudioConfig, AudioControl, AudioServerFrame } from '@vexa/shared/contracts/audio';
import { Platform } from '@vexa/shared/contracts/platform';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { WebSocket } from 'ws';
import { PoolFull } from '../engine/model-pool.ts';
import { ModelError } from '../models/model-error.ts';
import type { AudioSession, SendFrame } from './audio-session.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { languageProblem, parseAudioConfig } from './parse-config.ts';
import { parseFrame } from './parse-frame.ts';
import type { SessionModel } from './session-model.ts';

interface Dependencies {
  sessionTokenSecret: string;
  logger: Logger;
  /** Undefined when there is room for one more connection, else the minutes to wait. */
  admission: () => number | undefined;
  /** Loads a model, the default one unless another is wanted. Throws `ModelError` and `PoolFull`. */
  openModel: (wanted: string | undefined) => Promise<SessionModel>;
  onRefused: () => void;
  onHandedOver: (moment: HandOverMoment) => void;
}

/** When a stream was handed over: in a pause, or while something was said that is now heard again elsewhere. */
export type HandOverMoment = 'pause' | 'speech';

/** When a connection is to end without its client's wish. */
export interface Endings {
  /** In its next pause. */
  handingOver: AbortSignal;
  /** Streams that are silent together are handed over one by one in this time, not all at once. */
  spreadMs: number;
  /** At once. */
  stopping: AbortSignal;
}

/** Close codes of the audio socket (RFC 6455, section 7.4; 4000 and up are ours). */
export const closeCodes = { done: 1000, invalidData: 1007, policy: 1008, restart: 1012, unauthorized: 4401 } as const;

/** Until some model in use is not any more. */
const poolFullMinutes = 5;
const firstMessageTimeoutMs = 10_000;
const maxBadFrames = 10;
const checkMs = 25;

/** Serves one audio connection from its first message to the session's end. Resolves when all of it is published. */
export async function serveAudioConnection(socket: WebSocket, deps: Dependencies, endings: Endings): Promise<void> {
  const send = (frame: AudioServerFrame) => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
  };
  const close = (code: number) => {
    socket.resume(); // a paused socket never reads the answer to its goodbye
    socket.close(code);
  };
  const { stopping } = endings;
  const refuse = (uid: string | null, message: string, code: number) => {
    send({ uid, status: 'ERROR', message });
    close(code);
  };
  const inbox = openInbox(socket);
  const first = await inbox.first(AbortSignal.any([AbortSignal.timeout(firstMessageTimeoutMs), stopping]));
  if (stopping.aborted) return close(closeCodes.restart);
  if (!first) return refuse(null, `No configuration within ${firstMessageTimeoutMs / 1000} s.`, closeCodes.policy);
  const { config, problem } = parseAudioConfig(first.data.toString('utf8'));
  if (problem) return refuse(problem.uid, problem.message, closeCodes.policy);
  const accepted = await authorize(config, deps);
  if ('message' in accepted) return refuse(config.uid, accepted.message, accepted.code);
  const wait = (minutes: number) => {
    deps.onRefused();
    send({ uid: config.uid, status: 'WAIT', message: minutes });
    close(closeCodes.policy);
  };
  const full = deps.admission();
  if (full !== undefined) return wait(full);
  const opened = await openModel(config, deps);
  if ('waitMinutes' in opened) return wait(opened.waitMinutes);
  if ('message' in opened) return refuse(config.uid, opened.message, opened.code);
  using model = opened;
  const busy = model.admission();
  if (busy !== undefined) return wait(busy);
  // Not a reason to refuse: nobody would hear what is said meanwhile.
  const unknown = languageProblem(config.language, model.languages);
  const language = unknown ? null : (config.language ?? null);
  const session = model.createSession({ config: { ...config, language }, ...accepted }, send);
  send({ uid: config.uid, message: 'SERVER_READY', backend: 'vexa-onnx' });
  if (unknown) send({ uid: config.uid, status: 'ERROR', message: `${unknown}. It is detected instead.` });
  const code = await receive({ socket, inbox, session, send, ...endings });
  if (code === closeCodes.restart) {
    deps.onHandedOver(session.settled ? 'pause' : 'speech');
    session.stopTelling();
  }
  await session.end();
  session.logger.info({ code }, 'audio session ended');
  if (socket.readyState === socket.OPEN) close(code);
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
  return { platform: platform.data, meetingId: claims.meeting_id };
}

/** WhisperLive's clients name the model in `model`. */
async function openModel(
  { model_identifier, model }: AudioConfig,
  deps: Dependencies,
): Promise<SessionModel | Refusal | { waitMinutes: number }> {
  try {
    return await deps.openModel(model_identifier || model || undefined);
  } catch (error) {
    if (error instanceof PoolFull) return { waitMinutes: poolFullMinutes };
    if (!(error instanceof ModelError)) throw error;
    deps.logger.warn(errorFields(error), 'a wanted model cannot be used');
    return { message: error.message, code: closeCodes.policy };
  }
}

interface Connection extends Endings {
  socket: WebSocket;
  inbox: Inbox;
  session: AudioSession;
  send: SendFrame;
}

/** Reads until the client ends, vanishes, sends too much nonsense, or the service stops; gives the close code. */
function receive({ socket, inbox, session, send, handingOver, spreadMs, stopping }: Connection): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  let badFrames = 0;
  let ended = false;
  let pauseTimer: NodeJS.Timeout | undefined;
  const over = new AbortController();
  const finish = (code: number) => {
    ended = true;
    over.abort();
    clearTimeout(pauseTimer);
    resolve(code);
  };
  const handOverInPause = () => {
    if (session.settled) return finish(closeCodes.restart);
    pauseTimer = setTimeout(handOverInPause, checkMs);
  };
  const handOverSoon = () => {
    pauseTimer = setTimeout(handOverInPause, Math.random() * spreadMs);
  };
  const reject = (message: string) => {
    send({ uid: session.uid, status: 'ERROR', message });
    badFrames += 1;
    if (badFrames >= maxBadFrames) finish(closeCodes.invalidData);
  };
  socket.once('close', () => finish(closeCodes.done));
  const once = { once: true, signal: over.signal };
  stopping.addEventListener('abort', () => finish(closeCodes.restart), once);
  handingOver.addEventListener('abort', handOverSoon, once);
  inbox.deliver(({ data, isBinary }) => {
    if (ended) return;
    const frame = parseFrame(data, isBinary);
    if (frame.kind === 'end') return finish(closeCodes.done);
    if (frame.kind === 'problem') return reject(frame.message);
    if (frame.kind === 'audio') session.push(frame.samples);
    else control(frame.control, session, { reject, leave: () => finish(closeCodes.done) });
    if (session.overloaded) pauseUntilCaughtUp(socket, session);
  });
  if (socket.readyState !== socket.OPEN) finish(closeCodes.done);
  else if (stopping.aborted) finish(closeCodes.restart);
  else if (handingOver.aborted) handOverSoon();
  return promise;
}

function control(
  message: AudioControl,
  session: AudioSession,
  { reject, leave }: { reject: (message: string) => void; leave: () => void },
): void {
  if (message.type === 'speaker_activity') session.speakerActivity(message);
  if (message.type === 'session_control' && message.payload.event === 'LEAVING_MEETING') leave();
  if (message.type === 'reconfigure') {
    const problem = session.reconfigure(message.payload);
    if (problem) reject(problem);
  }
}

/** Back-pressure: the client's own buffer fills while this session's work catches up, so nothing is thrown away. */
function pauseUntilCaughtUp(socket: WebSocket, session: AudioSession): void {
  if (socket.isPaused) return;
  socket.pause();
  const timer = setInterval(() => {
    if (session.overloaded) return;
    clearInterval(timer);
    socket.resume();
  }, checkMs);
}
