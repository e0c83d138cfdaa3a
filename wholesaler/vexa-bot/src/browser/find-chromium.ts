import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The shell has no windows and needs half the memory. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'];

interface Search {
  path: string | undefined;
  searchPath: string;
  /** With a window. */
  headed: boolean;
}

/** Path of the browser to use. Throws saying how to get one when there is none. */
export async function findChromium({ path, searchPath, headed }: Search): Promise<string> {
  if (path !== undefined) {
    if (await isExecutable(path)) return path;
    throw new Error('CHROMIUM_PATH does not name an executable file.');
  }
  for (const name of headed ? names.slice(1) : names) {
    for (const folder of searchPath.split(delimiter).filter(Boolean)) {
      const candidate = join(folder, name);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  throw new Error(
    'No Chromium found on PATH. Run "make setup" (Debian: apt-get install chromium-headless-shell), or set CHROMIUM_PATH.',
  );
}

const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
