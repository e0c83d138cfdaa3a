import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadFile, fileDownloadInfo } from '@huggingface/hub';
import type { CatalogueEntry } from './catalogue.ts';
import { sha256OfFile } from './file-hash.ts';
import { weightFiles } from './model-cache.ts';
import { ModelError } from './model-error.ts';
import type { OnProgress } from './progress.ts';

const answerTimeoutMs = 4_000;
const stallTimeoutMs = 30_000;
/** The hub names a large file by its content's SHA-256, a small one by its git hash. */
const sha256Etag = /^"?([0-9a-f]{64})"?$/;

export interface SourceTarget {
  entry: CatalogueEntry;
  /** Where the files go; partial files from an interrupted pull are continued. */
  dir: string;
  onProgress: OnProgress;
}

/** Downloads the model's files from the Hugging Face hub; throws within seconds when the hub cannot be reached. */
export async function pullFromHub({ entry, dir, onProgress }: SourceTarget): Promise<void> {
  for (const file of weightFiles) await pullFile(entry, file, dir, onProgress);
}

async function pullFile(entry: CatalogueEntry, file: string, dir: string, onProgress: OnProgress): Promise<void> {
  const request = { repo: entry.hub, path: file, fetch: quickFetch };
  const info = await fileDownloadInfo(request);
  if (!info) throw new Error(`${entry.hub} has no ${file}`);
  const target = join(dir, file);
  const partial = `${target}.partial`;
  let doneBytes = (await stat(partial).catch(() => undefined))?.size ?? 0;
  if (doneBytes > info.size) doneBytes = 0;
  if (doneBytes < info.size) {
    const blob = await downloadFile({ ...request, downloadInfo: info, xet: false });
    if (!blob) throw new Error(`${entry.hub} has no ${file}`);
    const report = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        doneBytes += chunk.length;
        onProgress({ stage: 'download', source: `hub ${file}`, doneBytes, totalBytes: info.size });
        watchdog.refresh();
        done(null, chunk);
      },
    });
    const stalled = new AbortController();
    const watchdog = setTimeout(() => stalled.abort(new Error('the download stalled')), stallTimeoutMs);
    const flags = doneBytes > 0 ? 'a' : 'w';
    try {
      const body = Readable.from(blob.slice(doneBytes).stream());
      await pipeline(body, report, createWriteStream(partial, { flags }), { signal: stalled.signal });
    } finally {
      clearTimeout(watchdog);
    }
  }
  const declared = sha256Etag.exec(info.etag)?.[1];
  const found = await sha256OfFile(partial);
  const wanted = entry.sha256[file] ?? declared;
  if (wanted && found !== wanted) {
    // Kept, it would be taken for a finished download by the next pull.
    await rm(partial);
    throw wrongChecksum(`${entry.hub}/${file}`, wanted, found);
  }
  await rename(partial, target);
}

export const wrongChecksum = (what: string, wanted: string, found: string): ModelError =>
  new ModelError('bad_checksum', `${what} has checksum ${found} instead of ${wanted}`);

/** Bounds the wait for an answer, not the time a body takes. */
const quickFetch: typeof fetch = async (input, init) => {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  const signal = init?.signal ? AbortSignal.any([init.signal, controller.signal]) : controller.signal;
  try {
    return await fetch(input, { ...init, signal });
  } finally {
    clearTimeout(timer);
  }
};
