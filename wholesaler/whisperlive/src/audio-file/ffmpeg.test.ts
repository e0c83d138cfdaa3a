import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeWithFfmpeg } from './ffmpeg.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'vexa-ffmpeg-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** A program in ffmpeg's place. */
async function program(name: string, script: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return path;
}

const leftovers = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('vexa-audio-'));

async function samplesOf(command: string, more: { stallMs?: number; signal?: AbortSignal } = {}): Promise<number> {
  let count = 0;
  for await (const piece of decodeWithFfmpeg(Buffer.from('x'), 'mp3', { command, ...more })) count += piece.length;
  return count;
}

test('a decoder that gives nothing is killed', async () => {
  const command = await program('stalls', 'exec sleep 600');
  await expect(samplesOf(command, { stallMs: 100 })).rejects.toMatchObject({
    ...{ problem: 'broken', message: expect.stringContaining('nothing came') },
  });
});

test('a decoder is killed when nobody waits for it any more', async () => {
  const command = await program('waits', "printf '\\0\\0'; exec sleep 600");
  const leaving = new AbortController();
  const reason = new Error('gone');
  const pieces = decodeWithFfmpeg(Buffer.from('x'), 'mp3', { command, signal: leaving.signal });
  await pieces.next();
  const next = pieces.next();
  leaving.abort(reason);
  await expect(next).rejects.toBe(reason);
});

test('a decoder is not even started for somebody who is gone', async () => {
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(samplesOf(join(dir, 'not-there'), { signal })).rejects.toThrow('gone');
});

test('endless output is read no further than it is wanted, and the upload is removed', async () => {
  const before = (await leftovers()).length;
  const command = await program('endless', 'exec cat /dev/zero');
  const pieces = decodeWithFfmpeg(Buffer.from('x'), 'mp3', { command });
  expect((await pieces.next()).value).toBeInstanceOf(Float32Array);
  await pieces.return(undefined);
  expect((await leftovers()).length).toBeLessThanOrEqual(before);
});

test('samples that come in odd pieces are put together', async () => {
  const command = await program('odd', "printf '\\0'; sleep 0.1; printf '\\100\\0\\0'");
  const heard: number[] = [];
  for await (const piece of decodeWithFfmpeg(Buffer.from('x'), 'mp3', { command })) heard.push(...piece);
  expect(heard).toEqual([0.5, 0]);
});

test('what a decoder complains of is told without the path of the upload', async () => {
  const command = await program(
    'complains',
    'echo "[mp3 @ 0x1] $7: $0 Invalid data in /tmp/vexa-audio-x/input" >&2; exit 1',
  );
  await expect(samplesOf(command)).rejects.toMatchObject({
    ...{ problem: 'broken', message: expect.not.stringMatching(/vexa-audio|0x1/) },
  });
});
