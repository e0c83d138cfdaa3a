import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 60_000 });

let modelsDir: string;
beforeAll(async () => {
  modelsDir = await mkdtemp(join(tmpdir(), 'vexa-cli-'));
});
afterAll(() => rm(modelsDir, { recursive: true }));

function models(...args: string[]): Promise<{ code: unknown; said: string }> {
  const script = join(import.meta.dirname, '../src/models-cli.ts');
  const env = { ...process.env, VEXA_MODELS_DIR: modelsDir, NODE_ENV: 'production' };
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, said: stdout + stderr });
    });
  });
}

test('list names every model there is, with the size of its download', async () => {
  const { code, said } = await models('list');
  expect(code).toBe(0);
  expect(said).toMatch(/^tiny +76 MB$/m);
  expect(said).toMatch(/^large-v3-turbo +1618 MB$/m);
});

test.each([
  [['pull', 'bse'], 'there is no model "bse" (did you mean base?); known are tiny,'],
  [['pull', 'distil-large-v3'], 'is a Distil-Whisper model, which is not supported'],
  [['pull', 'base', '--offline'], '`npm run models -- list` shows what is'],
  [['pull', 'base', '--precision', 'int4'], 'Allowed choices are int8, fp32, fp16'],
  [['verify', 'base'], 'model "base" is not in'],
  [['rm', 'base'], 'model "base" is not in'],
  [['import', tmpdir()], 'holds no Whisper model'],
])('%s fails with one line that says why', async (args, why) => {
  const { code, said } = await models(...args);
  expect(code).toBe(1);
  expect(said).toContain(why);
  expect(said.trim().split('\n')).toHaveLength(1);
});
