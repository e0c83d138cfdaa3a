import { randomBytes } from 'node:crypto';

/** Where a request belongs, as in W3C Trace Context: the same `traceId` at every hop, a `spanId` of its own at each. */
export interface Trace {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** 2 hex digits; the last bit says that somebody records the trace. */
  flags: string;
}

// A version after 00 may add fields behind a further dash; ff is no version (W3C Trace Context, 3.2.2).
const format = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** The trace a `traceparent` header continues; undefined when there is none or it is not readable. */
export function readTraceparent(header: string | undefined): Trace | undefined {
  const [, version, traceId, spanId, flags, more] = format.exec(header ?? '') ?? [];
  if (!traceId || !spanId || !flags || (version === '00' && more !== undefined)) return undefined;
  return { traceId, spanId, flags };
}

/** A next step in `trace`, or the first step of a new one, named `newTraceId`. */
export const nextSpan = (trace: Trace | undefined, newTraceId: string): Trace => ({
  traceId: trace?.traceId ?? newTraceId,
  spanId: randomBytes(8).toString('hex'),
  flags: trace?.flags ?? '00',
});

/** What log lines say of a request that is over, but whose ids came along with what it asked for. */
export function requestFieldsOf(ids: {
  request_id?: string | null | undefined;
  traceparent?: string | null | undefined;
}): Record<string, string> {
  const trace = readTraceparent(ids.traceparent ?? undefined);
  return { ...(ids.request_id && { request_id: ids.request_id }), ...(trace && { trace_id: trace.traceId }) };
}

export const formatTraceparent = ({ traceId, spanId, flags }: Trace): string => `00-${traceId}-${spanId}-${flags}`;
