import { AsyncLocalStorage } from 'node:async_hooks';
import { formatTraceparent, type Trace } from './http/trace.ts';

/** What is known of the request that the running code works for. */
export interface RequestContext {
  requestId: string;
  trace: Trace;
  tracestate: string | undefined;
  userId: number | undefined;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `work` for a request: its log lines name the request, and `traceHeaders` lead to it. */
export const runInRequest = <T>(context: RequestContext, work: () => T): T => storage.run(context, work);

/** Notes whom the running request acts for. */
export function noteUser(userId: number): void {
  const context = storage.getStore();
  if (context) context.userId = userId;
}

/** What every log line says of the request it belongs to; nothing outside of requests. */
export function requestFields(): Record<string, unknown> {
  const context = storage.getStore();
  if (!context) return {};
  const { requestId, trace, userId } = context;
  return { request_id: requestId, trace_id: trace.traceId, ...(userId === undefined ? {} : { user_id: userId }) };
}

/** Headers that carry the running request on to the next service; none outside of requests. */
export function traceHeaders(): Record<string, string> {
  const context = storage.getStore();
  if (!context) return {};
  const { requestId, trace, tracestate } = context;
  return {
    'x-request-id': requestId,
    traceparent: formatTraceparent(trace),
    ...(tracestate === undefined ? {} : { tracestate }),
  };
}
