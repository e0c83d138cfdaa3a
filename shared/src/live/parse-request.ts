import { LiveRequest } from '../contracts/live-frames.ts';
import { fieldProblems } from '../http/problem.ts';

type Rejected = { error: 'invalid_json' | 'unknown_action' | 'invalid_subscribe_payload'; details?: unknown };

/** What a client's frame asks for, or which of the protocol's errors it is. */
export function parseLiveRequest(frame: string): { request: LiveRequest } | Rejected {
  let json: unknown;
  try {
    json = JSON.parse(frame);
  } catch {
    return { error: 'invalid_json' };
  }
  const result = LiveRequest.safeParse(json);
  if (result.success) return { request: result.data };
  const action = typeof json === 'object' && json !== null && 'action' in json ? json.action : undefined;
  if (action !== 'subscribe' && action !== 'unsubscribe') return { error: 'unknown_action' };
  return { error: 'invalid_subscribe_payload', details: fieldProblems('frame', result.error.issues) };
}
