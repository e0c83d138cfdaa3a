import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import envPaths from 'env-paths';
import { z } from 'zod';
import type { ModelFiles } from '../../src/models/model-files.ts';

/** What others are measured with; versions are pinned, so that figures of two runs can be compared. */
const fasterWhisper = ['faster-whisper==1.2.1', 'ctranslate2==4.8.5', 'onnxruntime==1.31.1', 'av==18.1.0'];
const whisperLive = ['whisper-live==0.10.0'];
/** What its faster-whisper backend imports; it also names torch, OpenVINO and CUDA, which that backend never uses. */
const whisperLiveImports = [
  'websockets==17.4',
  'fastapi==0.165.0',
  'uvicorn==0.54.0',
  'python-multipart==0.0.34',
  'scipy',
];

export interface Peers {
  python: string;
  /** Why WhisperLive could not be installed. */
  whisperLiveProblem?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

interface Settings {
  env: Environment;
  cacheDir?: string;
  progress: (what: string) => void;
}

export const defaultPeersDir = (): string => envPaths('vexa-bench', { suffix: '' }).cache;

/** The Python environment of the peers, made when it is not there. Rejects, saying why, when it cannot be made. */
export async function ensurePeers({ env, cacheDir = defaultPeersDir(), progress }: Settings): Promise<Peers> {
  const venv = join(cacheDir, 'python');
  const python = join(venv, 'bin', 'python');
  const stamp = join(venv, 'peers.json');
  const wanted = JSON.stringify([fasterWhisper, whisperLive, whisperLiveImports]);
  const peers = (): Peers => {
    const { problem } = stampSchema.parse(JSON.parse(readFileSync(stamp, 'utf8')));
    return problem ? { python, whisperLiveProblem: problem } : { python };
  };
  if (existsSync(stamp) && stampSchema.parse(JSON.parse(readFileSync(stamp, 'utf8'))).wanted === wanted) return peers();
  progress(`installing faster-whisper and WhisperLive into ${venv} (once)`);
  mkdirSync(cacheDir, { recursive: true });
  rmSync(venv, { recursive: true, force: true });
  await run('python3', ['-m', 'venv', venv], env);
  const install = (...what: string[]) => run(python, ['-m', 'pip', 'install', '--quiet', ...what], env);
  await install(...fasterWhisper);
  let problem: string | undefined;
  try {
    await install('--no-deps', ...whisperLive);
    await install(...whisperLiveImports);
    await run(python, ['-c', 'import whisper_live.server, whisper_live.backend.faster_whisper_backend'], peerEnv(env));
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error);
  }
  writeFileSync(stamp, JSON.stringify({ wanted, problem }));
  return peers();
}

const stampSchema = z.object({ wanted: z.string(), problem: z.string().optional() });

/** Lets WhisperLive find the stand-in for torch. */
export const peerEnv = (env: Environment): Environment => ({
  ...env,
  PYTHONPATH: join(import.meta.dirname, 'without-cuda'),
  // Figures must not depend on a hub, and a model that is not in the folder must be an error.
  HF_HUB_OFFLINE: '1',
});

/** Our own weight file in the form faster-whisper expects: the vocabulary is made from the tokenizer. */
export function peerModel(files: ModelFiles, cacheDir = defaultPeersDir()): string {
  const dir = join(cacheDir, 'models', files.name);
  if (existsSync(join(dir, 'vocabulary.json'))) return dir;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const weights = join(files.dir, 'model.bin');
  if (!existsSync(weights)) throw new Error(`${files.name} was not imported from a CTranslate2 folder`);
  symlinkSync(weights, join(dir, 'model.bin'));
  symlinkSync(files.config, join(dir, 'config.json'));
  symlinkSync(files.tokenizer, join(dir, 'tokenizer.json'));
  const { model, added_tokens } = tokenizerSchema.parse(JSON.parse(readFileSync(files.tokenizer, 'utf8')));
  const words: string[] = [];
  for (const [word, id] of Object.entries(model.vocab)) words[id] = word;
  for (const { content, id } of added_tokens) words[id] = content;
  // The timestamps, which tokenizers of Hugging Face leave out: 20 ms each, behind everything else.
  for (let i = 0; words.length < files.dimensions.vocabulary; i += 1) words.push(`<|${(i * 0.02).toFixed(2)}|>`);
  writeFileSync(join(dir, 'vocabulary.tmp'), JSON.stringify(words));
  renameSync(join(dir, 'vocabulary.tmp'), join(dir, 'vocabulary.json'));
  return dir;
}

const tokenizerSchema = z.object({
  model: z.object({ vocab: z.record(z.string(), z.int()) }),
  added_tokens: z.array(z.object({ id: z.int(), content: z.string() })),
});

async function run(command: string, args: readonly string[], env: Environment): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env });
  const lines: string[] = [];
  createInterface(child.stderr).on('line', (line) => lines.push(line));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args.slice(0, 4).join(' ')}: ${lines.slice(-3).join(' | ')}`);
}
