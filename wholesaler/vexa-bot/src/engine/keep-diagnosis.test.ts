import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepDiagnosis, pruneDiagnoses } from './keep-diagnosis.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vexa-diagnosis-'));
});
afterEach(() => rm(folder, { recursive: true }));

const picture = {
  url: 'https://meet.example.com/room?pwd=secret#secret',
  image: Buffer.from('png'),
  text: 'Go away. '.repeat(9_000),
};
const keep = (name: string) => keepDiagnosis(folder, { name, picture, reason: 'The page refused the bot.' });

test('a picture, the reason and what the page said are kept for the operator alone, without a passcode', async () => {
  const path = await keep('run-1');
  const text = await readFile(`${path}.txt`, 'utf8');
  expect(text).toMatch(/^The page refused the bot\.\nhttps:\/\/meet\.example\.com\/room\n\nGo away\./);
  expect(text).not.toContain('secret');
  expect(text.length).toBeLessThan(20_200);
  expect((await stat(`${path}.png`)).mode & 0o777).toBe(0o600);
});

test('only the newest runs are kept, and none for longer than a week', async () => {
  for (let run = 0; run < 53; run += 1) await keep(`run-${run}`);
  expect(await readdir(folder)).toHaveLength(100);
  const weekAgo = new Date(Date.now() - 8 * 86_400_000);
  for (const name of await readdir(folder)) await utimes(join(folder, name), weekAgo, weekAgo);
  await writeFile(join(folder, 'something-else'), '');
  await pruneDiagnoses(folder);
  expect(await readdir(folder)).toEqual(['something-else']);
  await pruneDiagnoses(join(folder, 'nowhere'));
});
