import type { OpenAPIHono } from '@hono/zod-openapi';
import type { IdentityVariables } from '@vexa/shared/auth/identity-token';
import { publicTranscriptRoute } from '@vexa/shared/contracts/routes/transcripts';
import { mediaTypes } from '@vexa/shared/transcripts/format-transcript';
import type { ReadDeps } from '../transcripts/read-segments.ts';
import { readShared } from '../transcripts/share-transcript.ts';

/** What whoever has a link may read; nobody's identity is asked. */
export function mountPublic(app: OpenAPIHono<{ Variables: IdentityVariables }>, deps: ReadDeps): void {
  app.openAPIRegistry.registerPath(publicTranscriptRoute);
  // Hono has no parameter with a fixed ending, so the ending is taken off here.
  app.get('/public/transcripts/:file{[A-Za-z0-9_-]{20,64}\\.txt}', async (c) => {
    const text = await readShared(deps, c.req.param('file').slice(0, -'.txt'.length));
    return c.body(text, 200, {
      'content-type': mediaTypes.txt,
      'cache-control': 'no-store',
      'x-robots-tag': 'noindex',
      'x-content-type-options': 'nosniff',
    });
  });
}
