import { createWriteStream, existsSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { downloadFile, type FileDownloadInfoOutput, fileDownloadInfo, HubApiError } from '@huggingface/hub';
import type { CatalogueEntry } from './catalogue.ts';
import { sha256OfFile } from './file-hash.ts';
import { ModelError } from './model-error.ts';
import type { OnProgress } from './progress.ts';
import { ctranslate2Files, huggingFaceFiles } from './weight-folder.ts';

const answerTimeoutMs = 4_000;
const stallTimeoutMs = 30_000;
/** The hub answers 401 for a repository that does not exist, because it might be a private one. */
const absentStatuses = new Set([401, 403, 404, 410]);
/** The hub names a large file by its content's SHA-256, a small one by its git hash. */
const sha256Etag = /^"?([0-9a-f]{64})"?$/;

export interface SourceTarget {
  entry: CatalogueEntry;
  /** Where the files go; partial files from an interrupted pull are continued. */
  dir: string;
  onProgress: OnProgress;
}

/** The hub answered that it has no such repository or file: another one may. */
class NotOnHub extends Error {}

/**
 * Downloads the model's files from the Hugging Face hub: its CTranslate2 form, or OpenAI's own safetensors where the hub
 * does not have (or no longer shows) that. Throws within seconds when the hub cannot be reached.
 */
export async function pullFromHub(target: SourceTarget, hubUrl?: string): Promise<void> {
  const { entry, dir } = target;
  try {
    for (const file of ctranslate2Files) await pullFile({ target, repo: entry.hub, file, hubUrl });
  } catch (error) {
    if (!(error instanceof NotOnHub)) throw error;
    target.onProgress({ stage: 'failover', source: `hub ${entry.hub}`, reason: error.message });
    for (const file of huggingFaceFiles) await pullFile({ target, repo: entry.openaiHub, file, hubUrl });
    // A CTranslate2 file that was all its repository had would be taken for the model.
    await rm(join(dir, ctranslate2Files[0]), { force: true });
  }
}

interface HubFile {
  target: SourceTarget;
  repo: string;
  file: string;
  hubUrl: string | undefined;
}

async function fileInfo(
  request: Parameters<typeof fileDownloadInfo>[0],
  what: string,
): Promise<FileDownloadInfoOutput> {
  try {
    const info = await fileDownloadInfo(request);
    if (info) return info;
  } catch (error) {
    if (!(error instanceof HubApiError) || !absentStatuses.has(error.statusCode)) throw error;
    throw new NotOnHub(`the hub does not give ${what} (status ${error.statusCode})`, { cause: error });
  }
  throw new NotOnHub(`the hub has no ${what}`);
}

async function pullFile({ target: { entry, dir, onProgress }, repo, file, hubUrl }: HubFile): Promise<void> {
  const request = { repo, path: file, fetch: quickFetch, ...(hubUrl === undefined ? {} : { hubUrl }) };
  const info = await fileInfo(request, `${repo}/${file}`);
  const declared = sha256Etag.exec(info.etag)?.[1];
  const wanted = entry.sha256[file] ?? declared;
  const target = join(dir, file);
  if (wanted && existsSync(target) && (await sha256OfFile(target)) === wanted) return;
  const partial = `${target}.partial`;
  let doneBytes = (await stat(partial).catch(() => undefined))?.size ?? 0;
  // Without a checksum nobody could tell whether what is there belongs to this file.
  if (doneBytes > info.size || !wanted) doneBytes = 0;
  if (doneBytes < info.size) {
    const blob = await downloadFile({ ...request, downloadInfo: info, xet: false });
    if (!blob) throw new NotOnHub(`the hub has no ${repo}/${file}`);
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
  const found = await sha256OfFile(partial);
  if (wanted && found !== wanted) {
    // Kept, it would be taken for a finished download by the next pull.
    await rm(partial);
    throw wrongChecksum(`${repo}/${file}`, wanted, found);
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
