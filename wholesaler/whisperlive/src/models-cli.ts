import { existsSync } from 'node:fs';
import { SingleBar } from 'cli-progress';
import { Command, Option } from 'commander';
import { defaultPrecision, precisions, type WhisperPrecision } from './graphs/precision.ts';
import { catalogue, modelNames } from './models/catalogue.ts';
import { pullModel, removeModel } from './models/ensure-model.ts';
import { findModels } from './models/find-models.ts';
import { importModel } from './models/import-model.ts';
import { describeModel, verifyModel } from './models/inspect-model.ts';
import { cachedModels, modelDir, stagingDir } from './models/model-cache.ts';
import { ModelError } from './models/model-error.ts';
import { defaultModelsDir } from './models/models-dir.ts';
import type { OnProgress } from './models/progress.ts';
import { resolveModelName } from './models/resolve-model-name.ts';

const modelsDir = process.env.VEXA_MODELS_DIR || defaultModelsDir();
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
const precisionOption = () =>
  new Option('--precision <precision>', 'of the graphs that are built')
    .choices(precisions)
    .env('WHISPER_PRECISION')
    .default(defaultPrecision);

const program = new Command('models').description(`Whisper models in ${modelsDir} (VEXA_MODELS_DIR)`);

program
  .command('pull <name>')
  .description('fetch a model into the cache, or complete one that an interrupted pull left')
  .option('--offline', 'use what the cache holds and nothing else')
  .addOption(precisionOption())
  .action(async (written: string, { offline, precision }: { offline?: boolean; precision: WhisperPrecision }) => {
    const cached = cachedModels(modelsDir);
    const name = resolveModelName(written, { defaultModel: written, imported: cached });
    if (offline && !cached.includes(name)) throw notInCache(name);
    const sources = offline ? { sources: [] } : {};
    const { dir } = await withProgress((onProgress) =>
      pullModel(name, { modelsDir, precision, onProgress, ...sources }),
    );
    say(`${name} is ready in ${dir}`);
  });

program
  .command('list')
  .description('show which models there are, which are in the cache, and the graphs built of those')
  .action(() => {
    const cached = cachedModels(modelsDir);
    const imported = cached.filter((name) => !modelNames.includes(name)).map((name) => ({ name, bytes: undefined }));
    for (const { name, bytes } of [...catalogue, ...imported]) {
      const size = bytes === undefined ? 'imported' : `${megabytes(bytes)} MB`;
      say(`${name.padEnd(16)} ${size.padStart(8)}${cached.includes(name) ? `  in the cache: ${contents(name)}` : ''}`);
    }
  });

program
  .command('import <folder>')
  .description('take a model from a folder of faster-whisper (CTranslate2) or Hugging Face, or all models of its cache')
  .option('--name <name>', "the model's name; default: that of the folder or repository")
  .addOption(precisionOption())
  .action(async (path: string, options: { name?: string; precision: WhisperPrecision }) => {
    const { precision } = options;
    const found = findModels(path);
    if (options.name !== undefined && found.length > 1) {
      const names = found.map(({ folder }) => folder).join(', ');
      throw new ModelError('not_a_model', `--name names one model, ${path} holds several; import one of ${names}`);
    }
    const cached = cachedModels(modelsDir);
    for (const { folder, name: foundName } of found) {
      const name = options.name ?? foundName;
      if (found.length > 1 && cached.includes(name)) {
        say(`${name} is in the cache already`);
        continue;
      }
      const { dir } = await withProgress((onProgress) =>
        importModel({ folder, name, modelsDir, precision, onProgress }),
      );
      say(`${name} is ready in ${dir}`);
    }
  });

program
  .command('verify [name]')
  .description('check every byte of one model, or of all in the cache')
  .action(async (name?: string) => {
    for (const model of name === undefined ? cachedModels(modelsDir) : [name]) {
      try {
        await verifyModel(modelsDir, model);
        say(`${model} is intact`);
      } catch (error) {
        fail(error);
      }
    }
  });

program
  .command('rm <name>')
  .description('remove a model from the cache')
  .action(async (name: string) => {
    if (!existsSync(modelDir(modelsDir, name)) && !existsSync(stagingDir(modelsDir, name))) throw notInCache(name);
    await removeModel(name, modelsDir);
    say(`${name} is removed`);
  });

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}

/** What a user can do something about is said in a line; anything else is a fault of the program. */
function fail(error: unknown): void {
  if (!(error instanceof ModelError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function notInCache(name: string): ModelError {
  const message = `model "${name}" is not in ${modelsDir}; \`npm run models -- list\` shows what is`;
  return new ModelError('not_in_cache', message);
}

function contents(name: string): string {
  try {
    const { source, weightBytes, graphs } = describeModel(modelsDir, name);
    const built = graphs.map(({ precision, version, bytes, current }) => {
      const state = current ? '' : ', not used any more';
      return `${precision} graphs ${megabytes(bytes)} MB (builder ${version}${state})`;
    });
    return [`weights ${megabytes(weightBytes)} MB (${source})`, ...built].join(', ');
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    return error.message;
  }
}

/** A bar on a terminal, a line every tenth part elsewhere. */
async function withProgress<T>(work: (onProgress: OnProgress) => Promise<T>): Promise<T> {
  const bar = new SingleBar({ format: '{source} [{bar}] {percentage} % of {mb} MB', clearOnComplete: true });
  let shown = '';
  const line = (text: string): void => {
    bar.stop();
    if (text !== shown) say(text);
    shown = text;
  };
  try {
    return await work((progress) => {
      if (progress.stage === 'waiting') return line('Waiting for another process that works on this model');
      if (progress.stage === 'verify') return line('Checking the files');
      if (progress.stage === 'graphs') return line('Building the graphs');
      if (progress.stage === 'failover') return line(`${progress.source} failed (${progress.reason})`);
      const { source, doneBytes, totalBytes } = progress;
      const payload = { source, mb: megabytes(totalBytes) };
      if (!process.stdout.isTTY) {
        const tenth = Math.floor((10 * doneBytes) / totalBytes);
        return line(`${source}: ${tenth * 10} % of ${megabytes(totalBytes)} MB`);
      }
      if (!bar.isActive) bar.start(totalBytes, doneBytes, payload);
      bar.update(doneBytes, payload);
    });
  } finally {
    bar.stop();
  }
}
