import { nativeIdProblem } from '@vexa/shared/contracts/platform';
import { z } from 'zod';

/** Paths of the service that a room may not shadow. */
const reservedIds = new Set(['api', 'assets', 'faces', 'health', 'metrics']);

export const RoomId = z
  .string()
  .refine((id) => nativeIdProblem('local', id) === undefined, 'must be 3 to 64 lower-case letters, digits or hyphens')
  .refine((id) => !reservedIds.has(id), 'is reserved');

export const IceServer = z.object({
  urls: z.union([z.string().max(512), z.array(z.string().max(512)).max(8)]),
  username: z.string().max(512).optional(),
  credential: z.string().max(512).optional(),
});
export type IceServer = z.infer<typeof IceServer>;

const Id = z.string().min(1).max(64);

export const ParticipantKind = z.enum(['person', 'bot']);
export type ParticipantKind = z.infer<typeof ParticipantKind>;

export const SessionDescription = z.object({ type: z.enum(['offer', 'answer']), sdp: z.string().max(32_768) });
export const IceCandidate = z.object({
  candidate: z.string().max(2_048),
  sdpMid: z.string().max(64).nullish(),
  sdpMLineIndex: z.int().min(0).max(64).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});

/** What one peer tells another: a description or a candidate of the connection named `connection`. */
export const PeerSignal = z.union([
  z.object({ connection: Id, description: SessionDescription }),
  z.object({ connection: Id, candidate: IceCandidate }),
]);
export type PeerSignal = z.infer<typeof PeerSignal>;

export const JoinMessage = z.object({
  type: z.literal('join'),
  name: z.string().trim().min(1, 'must not be empty').max(64, 'must have at most 64 characters'),
  kind: ParticipantKind.default('person'),
  muted: z.boolean().default(false),
  host_key: z.string().max(128).optional(),
  /** From an earlier `joined` or `lobby`: takes the same place again after a broken socket. */
  resume_token: z.string().max(128).optional(),
});
export type JoinMessage = z.infer<typeof JoinMessage>;

export const ClientMessage = z.discriminatedUnion('type', [
  JoinMessage,
  z.object({ type: z.literal('signal'), to: Id, signal: PeerSignal }),
  z.object({ type: z.literal('state'), muted: z.boolean() }),
  z.object({ type: z.literal('leave') }),
  z.object({ type: z.literal('admit'), participant_id: Id }),
  z.object({ type: z.literal('deny'), participant_id: Id }),
  z.object({ type: z.literal('remove'), participant_id: Id }),
  z.object({ type: z.literal('end') }),
]);
export type ClientMessage = z.input<typeof ClientMessage>;
export type ParsedClientMessage = z.output<typeof ClientMessage>;

export const Participant = z.object({
  id: z.string(),
  name: z.string(),
  kind: ParticipantKind,
  host: z.boolean(),
  muted: z.boolean(),
});
export type Participant = z.infer<typeof Participant>;

export const Waiting = z.object({ id: z.string(), name: z.string(), kind: ParticipantKind });
export type Waiting = z.infer<typeof Waiting>;

export type CloseReason = 'denied' | 'removed' | 'ended' | 'full' | 'replaced';

export type ServerMessage =
  | { type: 'lobby'; self_id: string; resume_token: string }
  | {
      type: 'joined';
      room: string;
      self: Participant;
      participants: Participant[];
      resume_token: string;
      ice_servers: IceServer[];
      /** Only for hosts. */
      host?: HostView;
    }
  | { type: 'resumed'; participants: Participant[] }
  | { type: 'participant_joined'; participant: Participant }
  | { type: 'participant_changed'; participant: Participant }
  | { type: 'participant_left'; participant_id: string; reason: 'left' | 'lost' | 'removed' }
  | { type: 'host'; host: HostView }
  | { type: 'signal'; from: string; signal: PeerSignal }
  | { type: 'closed'; reason: CloseReason }
  | { type: 'error'; code: string; message: string; field?: string };

export interface HostView {
  host_key: string;
  waiting: Waiting[];
}
