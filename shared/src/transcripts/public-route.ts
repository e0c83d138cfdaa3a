import type { OpenAPIHono } from '@hono/zod-openapi';
import { publicTranscriptRoute } from '../contracts/routes/transcripts.ts';
import type { BaseVariables } from '../http/app.ts';
import { mediaTypes } from './format-transcript.ts';

/** What whoever has a link may read; nobody's identity is asked. `read` throws `not_found` for a link that opens nothing. */
export function mountPublicTranscripts<V extends BaseVariables>(
  app: OpenAPIHono<{ Variables: V }>,
  read: (shareId: string) => Promise<string>,
): void {
  app.openAPIRegistry.registerPath(publicTranscriptRoute);
  // Hono has no parameter with a fixed ending, so the ending is taken off here.
  app.get('/public/transcripts/:file{[A-Za-z0-9_-]{20,64}\\.txt}', async (c) => {
    const text = await read(c.req.param('file').slice(0, -'.txt'.length));
    return c.body(text, 200, {
      'content-type': mediaTypes.txt,
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
      'x-content-type-options': 'nosniff',
    });
  });
}
