import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

interface Picture {
  url: string;
  image: Buffer;
  text: string;
}

const maxKept = 50;
const maxAgeMs = 7 * 86_400_000;
const maxText = 20_000;

/**
 * Keeps what the page showed when a run failed, as `{name}.png` and `{name}.txt`, for seven days, at most fifty runs.
 * The link is kept without its query, which may hold a passcode. Returns the path without the ending.
 */
export async function keepDiagnosis(
  folder: string,
  { name, picture, reason }: { name: string; picture: Picture; reason: string },
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, name);
  const { origin, pathname } = new URL(picture.url);
  const about = `${reason}\n${origin === 'null' ? picture.url : origin + pathname}\n\n${picture.text.slice(0, maxText)}\n`;
  await Promise.all([
    writeFile(`${path}.png`, picture.image, { mode: 0o600 }),
    writeFile(`${path}.txt`, about, { mode: 0o600 }),
  ]);
  await pruneDiagnoses(folder);
  return path;
}

/** Removes what is older than a week or too much. A folder that is not there has nothing to remove. */
export async function pruneDiagnoses(folder: string): Promise<void> {
  const now = Date.now();
  const names = (await readdir(folder).catch(() => [])).filter((name) => /\.(png|txt)$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => {
      // Another bot may be pruning too.
      const found = await stat(join(folder, name)).catch(() => undefined);
      return { name, at: found?.mtimeMs ?? 0 };
    }),
  );
  files.sort((a, b) => b.at - a.at);
  const old = files.filter(({ at }, index) => index >= maxKept * 2 || now - at > maxAgeMs);
  await Promise.all(old.map(({ name }) => rm(join(folder, name), { force: true })));
}
