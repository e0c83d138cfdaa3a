import { SingleBar } from 'cli-progress';
import { Command } from 'commander';
import { catalogue, modelNames } from './models/catalogue.ts';
import { ensureModel, pullModel, removeModel } from './models/ensure-model.ts';
import { findModels } from './models/find-models.ts';
import { importModel } from './models/import-model.ts';
import { cachedModels, readCache, verifyModel } from './models/model-cache.ts';
import { ModelError } from './models/model-error.ts';
import { defaultModelsDir } from './models/models-dir.ts';
import type { OnProgress } from './models/progress.ts';

const modelsDir = process.env.VEXA_MODELS_DIR || defaultModelsDir();
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

const program = new Command('models').description(`Whisper models in ${modelsDir} (VEXA_MODELS_DIR)`);

program
  .command('pull <name>')
  .description('fetch a model into the cache, or complete one that an interrupted pull left')
  .option('--offline', 'use what the cache holds and nothing else')
  .action(async (name: string, { offline }: { offline?: boolean }) => {
    if (offline) readCacheOrFail(name);
    const get = offline ? ensureModel : pullModel;
    const { dir } = await withProgress((onProgress) => get(name, { modelsDir, onProgress }));
    say(`${name} is ready in ${dir}`);
  });

program
  .command('list')
  .description('show which models there are and which are in the cache')
  .action(() => {
    const cached = cachedModels(modelsDir);
    const known = catalogue.map(({ name, bytes }) => {
      const state = cached.includes(name) ? '  in the cache' : '';
      return `${name.padEnd(16)} ${megabytes(bytes).padStart(5)} MB${state}`;
    });
    const imported = cached.filter((name) => !modelNames.includes(name)).map((name) => `${name.padEnd(26)}  imported`);
    say([...known, ...imported].join('\n'));
  });

program
  .command('import <folder>')
  .description('take a model from a folder of faster-whisper (CTranslate2) or Hugging Face, or all models of its cache')
  .option('--name <name>', "the model's name; default: that of the folder or repository")
  .action(async (path: string, options: { name?: string }) => {
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
      const { dir } = await withProgress((onProgress) => importModel({ folder, name, modelsDir, onProgress }));
      say(`${name} is ready in ${dir}`);
    }
  });

program
  .command('verify [name]')
  .description('check every byte of one model, or of all in the cache')
  .action(async (name?: string) => {
    for (const model of name ? [name] : cachedModels(modelsDir)) {
      await verifyModel(modelsDir, model);
      say(`${model} is intact`);
    }
  });

program
  .command('rm <name>')
  .description('remove a model from the cache')
  .action(async (name: string) => {
    if (!cachedModels(modelsDir).includes(name)) readCacheOrFail(name);
    await removeModel(name, modelsDir);
    say(`${name} is removed`);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof ModelError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

function readCacheOrFail(name: string): void {
  if (readCache(modelsDir, name).state !== 'absent') return;
  throw new ModelError(
    'not_in_cache',
    `model "${name}" is not in ${modelsDir}; \`npm run models -- list\` shows what is`,
  );
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
