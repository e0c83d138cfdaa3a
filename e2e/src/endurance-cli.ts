import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from '@vexa/shared/testing/api-client';
import { Command } from 'commander';
import { randomFrom, startAndStop, startKillStop } from './endurance/meetings.ts';
import { findRest, type Place, runningBots } from './endurance/rest.ts';
import { formatLogLine } from './stack/log-format.ts';
import { startStack } from './stack/stack.ts';
import { botsInDocker } from './stack/wiring.ts';

const { starts, kills, atOnce, seed, docker } = new Command('npm run endurance -w e2e --')
  .description('Starts and stops real bots, kills bot-manager at random moments, and looks for what is left of them.')
  .option('--starts <n>', 'bots that are started and stopped', Number, 100)
  .option('--kills <n>', 'meetings during which bot-manager is killed', Number, 20)
  .option('--at-once <n>', 'bots at once', Number, 3)
  .option('--seed <n>', 'of the random moments', Number, Date.now() % 1_000_000)
  .option('--docker', 'run the bots as containers of the image vexa-bot:local')
  .parse()
  .opts<{ starts: number; kills: number; atOnce: number; seed: number; docker?: boolean }>();

const folder = mkdtempSync(join(tmpdir(), 'vexa-endurance-'));
const temporary = join(folder, 'tmp');
mkdirSync(temporary);
const logFile = join(folder, 'services.log');
const watchEveryMs = 250;
const goneWithinMs = 90_000;

const problems: string[] = [];
// The logs of a run that went wrong stay.
using _ = { [Symbol.dispose]: () => problems.length === 0 && rmSync(folder, { recursive: true }) };

console.log(`Seed ${seed}. Logs: ${logFile}`);
await using stack = await startStack({
  onLine: (service, line) => appendFileSync(logFile, `${formatLogLine(service, line)}\n`),
  extraEnv: {
    'bot-manager': {
      TMPDIR: temporary,
      BOT_KEEP_ENDED_MS: '1000',
      ...(docker && botsInDocker(process.env.DOCKER_HOST)),
    },
  },
});
const place: Place = { stack, temporary, docker: docker ?? false };
const user = await stack.wholesalerAdmin.createUser('endurance@example.com', atOnce);
const client = new ApiClient(stack.urls.gateway, user.key);
const random = randomFrom(seed);

const twice = new Set<string>();
let mostAtOnce = 0;
const watch = setInterval(() => {
  // Between fork and exec, what a bot starts goes by its name.
  const names = [...new Set(runningBots(place))];
  mostAtOnce = Math.max(mostAtOnce, names.length);
  const meetings = names.map((name) => name.slice(0, name.lastIndexOf('-')));
  for (const [index, meeting] of meetings.entries()) if (meetings.indexOf(meeting) !== index) twice.add(meeting);
}, watchEveryMs);

const startedAt = performance.now();
let begun = 0;
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (begun < starts) {
      begun += 1;
      const number = begun;
      await startAndStop(client, `start-${number}`).catch((error: Error) => problems.push(error.message));
      if (number % 10 === 0) console.log(`${number} bots started and stopped (${elapsed()})`);
    }
  }),
);
await judge(`after ${starts} starts and stops`);
for (let number = 1; number <= kills; number += 1) {
  const moment = await startKillStop(stack, client, { room: `kill-${number}`, random }).catch((error: Error) => {
    problems.push(error.message);
    return error.message;
  });
  console.log(`kill ${number}: ${moment} (${elapsed()})`);
}
if (kills > 0) await judge(`after ${kills} meetings with kill -9`);
clearInterval(watch);
for (const meeting of twice) problems.push(`${meeting} had two bots at once`);
console.log(
  `At most ${mostAtOnce} bots ran at once. ${problems.length === 0 ? 'Nothing is left.' : problems.join('\n')}`,
);
if (problems.length > 0) process.exitCode = 1;

async function judge(when: string): Promise<void> {
  const deadline = performance.now() + goneWithinMs;
  let rest = await findRest(place);
  while (rest.length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    rest = await findRest(place);
  }
  console.log(`${when}: ${rest.length === 0 ? 'no process, container, row, key or file is left' : rest.join('\n  ')}`);
  problems.push(...rest.map((what) => `${when}: ${what}`));
}

function elapsed(): string {
  return `${Math.round((performance.now() - startedAt) / 1_000)} s`;
}
