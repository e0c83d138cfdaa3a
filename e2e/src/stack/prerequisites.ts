import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Something the local stack needs of the machine, and what the lack of it means. */
interface Prerequisite {
  name: string;
  commands: string[];
  neededFor: string;
}

const prerequisites: Prerequisite[] = [
  { name: 'redis-server', commands: ['redis-server'], neededFor: 'messages between the services' },
  {
    name: 'chromium',
    commands: ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome'],
    neededFor: 'the bot that joins meetings',
  },
];

export const setupCommand = 'make setup';

/** Names everything that is missing at once, with the one command that installs it. */
export async function requirePrerequisites(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const missing: Prerequisite[] = [];
  for (const prerequisite of prerequisites) {
    if (prerequisite.name === 'redis-server' && env.REDIS_URL) continue;
    if (prerequisite.name === 'chromium' && env.CHROMIUM_PATH) continue;
    const found = await Promise.all(prerequisite.commands.map((command) => isOnPath(command, env.PATH ?? '')));
    if (!found.includes(true)) missing.push(prerequisite);
  }
  if (missing.length === 0) return;
  const lines = missing.map(({ name, neededFor }) => `  ${name} (${neededFor})`);
  throw new Error(`This machine lacks:\n${lines.join('\n')}\nInstall what is missing with: ${setupCommand}`);
}

async function isOnPath(command: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    try {
      await access(join(folder, command), constants.X_OK);
      return true;
    } catch {
      // not in this folder: look in the next one
    }
  }
  return false;
}
