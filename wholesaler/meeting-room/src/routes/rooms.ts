import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { ServiceError } from '@vexa/shared/errors';
import type { BaseVariables } from '@vexa/shared/http/app';
import { ProblemBody } from '@vexa/shared/http/problem';
import type { Room } from '../rooms/room.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import { Participant, RoomId, Waiting } from '../signaling/messages.ts';

interface Deps {
  rooms: RoomRegistry;
  publicUrl: string | undefined;
}

const CreatedRoom = z.object({ room: z.string(), url: z.url(), host_url: z.url(), host_key: z.string() });
const RoomView = z.object({
  room: z.string(),
  state: z.enum(['open', 'ended']),
  lobby: z.boolean(),
  participant_count: z.int(),
  waiting_count: z.int(),
  /** Names stay with the host where a lobby guards the room. */
  participants: z.array(Participant).optional(),
  waiting: z.array(Waiting).optional(),
});

const params = z.object({ room: RoomId });
const personParams = params.extend({ id: z.string().min(1).max(64) });
const hostHeader = z.object({ 'x-host-key': z.string().min(1, 'is required').max(128) });
const optionalHostHeader = hostHeader.partial();
const json = <S extends z.ZodType>(schema: S, description: string) => ({
  content: { 'application/json': { schema } },
  description,
});
const problem = (description: string) => ({
  content: { 'application/problem+json': { schema: ProblemBody } },
  description,
});
const hostProblems = { 403: problem('Wrong host key'), 404: problem('No such room'), 422: problem('Bad id or key') };

/** The room API: create, look, and what a host may do. */
export function mountRooms(app: OpenAPIHono<{ Variables: BaseVariables }>, { rooms, publicUrl }: Deps): void {
  const body = z.object({ room: RoomId.optional(), lobby: z.boolean().optional() });
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/rooms',
      request: { body: { content: { 'application/json': { schema: body } } } },
      responses: { 201: json(CreatedRoom, 'Created'), 409: problem('The room exists'), 422: problem('Bad input') },
    }),
    (c) => {
      const { room: id, lobby = false } = c.req.valid('json');
      const room = rooms.create({ lobby, ...(id ? { id } : {}) });
      const url = new URL(`/${room.id}`, publicUrl ?? c.req.url).href;
      const host_url = `${url}?host=${encodeURIComponent(room.hostKey)}`;
      return c.json({ room: room.id, url, host_url, host_key: room.hostKey }, 201);
    },
  );
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/rooms/{room}',
      request: { params, headers: optionalHostHeader },
      responses: { 200: json(RoomView, 'Who is there'), ...hostProblems },
    }),
    (c) => {
      const room = rooms.get(c.req.valid('param').room);
      const key = c.req.valid('header')['x-host-key'];
      if (key !== undefined) requireHost(room, key);
      return c.json(viewOf(room, key !== undefined), 200);
    },
  );
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/rooms/{room}/end',
      request: { params, headers: hostHeader },
      responses: { 200: json(RoomView, 'Ended'), ...hostProblems },
    }),
    (c) => {
      const room = requireHost(rooms.get(c.req.valid('param').room), c.req.valid('header')['x-host-key']);
      room.end();
      return c.json(viewOf(room, true), 200);
    },
  );
  for (const verb of ['admit', 'deny', 'remove'] as const) {
    app.openapi(
      createRoute({
        method: 'post',
        path: `/api/rooms/{room}/participants/{id}/${verb}`,
        request: { params: personParams, headers: hostHeader },
        responses: { 200: json(Participant, 'Done'), ...hostProblems, 409: problem('The meeting is full') },
      }),
      (c) => {
        const { room: id, id: participantId } = c.req.valid('param');
        const room = requireHost(rooms.get(id), c.req.valid('header')['x-host-key']);
        return c.json(room[verb](participantId), 200);
      },
    );
  }
}

function requireHost(room: Room, key: string): Room {
  if (!room.isHostKey(key)) throw new ServiceError('forbidden', 'x-host-key is not the key of this room.');
  return room;
}

const viewOf = (room: Room, byHost: boolean): z.infer<typeof RoomView> => ({
  room: room.id,
  state: room.ended ? 'ended' : 'open',
  lobby: room.lobby,
  participant_count: room.participants.length,
  waiting_count: room.waiting.length,
  ...(byHost || !room.lobby ? { participants: room.participants } : {}),
  ...(byHost ? { waiting: room.waiting } : {}),
});
