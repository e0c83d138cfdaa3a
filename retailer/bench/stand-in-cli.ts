import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LiveFrame } from '@vexa/shared/contracts/live-frames';
import type { Meeting } from '@vexa/shared/contracts/meeting';
import type { Segment } from '@vexa/shared/contracts/transcript';
import { type WebSocket, WebSocketServer } from 'ws';

/**
 * A wholesaler as cheap as one can be, so that the retailer and not the wholesaler is measured: every meeting it is
 * asked for is active and has 100 segments. Prints its port. Told `{room}` by its parent, it publishes one frame there.
 */
const at = new Date('2026-08-01T09:00:00.000Z').toISOString();
const text = 'So what we would like to see by the end of the quarter is a plan that everybody here can live with.';

const segmentOf = (n: number, words = text): Segment => ({
  segment_id: `bench:${n}`,
  start: n * 3,
  end: n * 3 + 2.5,
  text: words,
  language: 'en',
  speaker: 'Ann',
  session_uid: 'bench',
  completed: true,
  created_at: at,
  updated_at: at,
  absolute_start_time: at,
  absolute_end_time: at,
});
const segments = JSON.stringify(Array.from({ length: 100 }, (_, n) => segmentOf(n)));

const ids = new Map<string, number>();
const idOf = (room: string): number => {
  const id = ids.get(room) ?? ids.size + 1;
  ids.set(room, id);
  return id;
};
const meetingOf = (room: string): Meeting => ({
  id: idOf(room),
  user_id: 1,
  platform: 'local',
  native_meeting_id: room,
  constructed_meeting_url: `https://meet.example/${room}`,
  status: 'active',
  completion_reason: null,
  failure_stage: null,
  bot_container_id: null,
  start_time: at,
  end_time: null,
  data: {},
  metadata: {},
  created_at: new Date().toISOString(),
  updated_at: at,
});

function transcriptOf(room: string): string {
  const { id, platform, native_meeting_id, constructed_meeting_url, status, start_time, end_time } = meetingOf(room);
  const told = { id, platform, native_meeting_id, constructed_meeting_url, status, start_time, end_time };
  const shape = JSON.stringify({ ...told, source: 'live', stale_since: null, cursor: null });
  return `${shape.slice(0, -1)},"segments":${segments}}`;
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const [, resource, , room = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
  const isStart = request.method === 'POST';
  const asked = isStart ? (JSON.parse(body) as Meeting).native_meeting_id : room;
  const answer = resource === 'transcripts' ? transcriptOf(asked) : JSON.stringify(meetingOf(asked));
  response.writeHead(isStart ? 201 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(answer),
  });
  response.end(answer);
});
server.keepAliveTimeout = 60_000;

const sockets = new Set<WebSocket>();
new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('message', (data) => {
    const { action, meetings } = JSON.parse(String(data));
    if (action === 'subscribe') socket.send(JSON.stringify({ type: 'subscribed', meetings }));
  });
});

let published = 0;
process.on('message', ({ room }: { room: string }) => {
  // Its time goes along as its words.
  const segment = segmentOf(++published, String(Date.now()));
  const frame: LiveFrame = {
    type: 'transcript.finalized',
    meeting: { platform: 'local', native_id: room },
    payload: { segments: [segment] },
    ts: new Date().toISOString(),
  };
  for (const socket of sockets) socket.send(JSON.stringify(frame));
  process.send?.({ sockets: sockets.size });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
// The parent's end is this process's end.
process.once('disconnect', () => process.exit(0));
