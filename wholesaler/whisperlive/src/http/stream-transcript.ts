import type { FileSegment } from '../audio-file/transcribe-file.ts';
import { type ApiError, apiErrorBody } from './api-error.ts';
import { fullText } from './format-transcript.ts';

/** A transcript whose first segment is there: what is wrong with a file shows before an answer begins. */
export interface OpenTranscript {
  first: IteratorResult<FileSegment, number>;
  rest: AsyncGenerator<FileSegment, number>;
}

interface Options {
  /** Called once, when the stream ended, failed or was left by its reader. */
  onEnd: () => void;
  toApiError: (error: unknown) => ApiError;
}

/**
 * Server-sent events, one `transcript.text.delta` a segment and `transcript.text.done` with the whole text. A fault after
 * the beginning is an `error` event. Nothing is decoded ahead of a reader that is slow.
 */
export function streamTranscript({ first, rest }: OpenTranscript, { onEnd, toApiError }: Options): Response {
  const encoder = new TextEncoder();
  const segments: FileSegment[] = [];
  let pending: OpenTranscript['first'] | undefined = first;
  const event = (name: string, data: object) => encoder.encode(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const typed = (type: string, fields: object) => event(type, { type, ...fields });
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = pending ?? (await rest.next());
          pending = undefined;
          if (!next.done) {
            segments.push(next.value);
            const delta = segments.length > 1 ? ` ${next.value.text}` : next.value.text;
            controller.enqueue(typed('transcript.text.delta', { delta }));
            return;
          }
          controller.enqueue(typed('transcript.text.done', { text: fullText(segments) }));
        } catch (error) {
          controller.enqueue(event('error', apiErrorBody(toApiError(error))));
        }
        controller.close();
        onEnd();
      },
      async cancel() {
        onEnd();
        await rest.return(0);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' } });
}
