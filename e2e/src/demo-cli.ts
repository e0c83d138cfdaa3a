import { appendFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { whisperAlone } from './demo/baseline.ts';
import { judge, printTranscript, printVerdict } from './demo/report.ts';
import { runDemo } from './demo/run-demo.ts';
import { demoScript } from './demo/script.ts';
import { formatLogLine } from './stack/log-format.ts';
import { startStack } from './stack/stack.ts';
import { botsInDocker } from './stack/wiring.ts';

const program = new Command('make demo')
  .description('One real meeting through both products, from the room to the finished transcript.')
  .option('--keep', 'leave everything running afterwards, so that you can join a room yourself')
  .option('--docker', 'run the bot as a container of the image vexa-bot:local')
  .parse();
const { keep, docker } = program.opts<{ keep?: boolean; docker?: boolean }>();

const stopped = Promise.withResolvers<never>();
stopped.promise.catch(() => {}); // only awaited while something runs
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => stopped.reject(new Error(`Stopped by ${signal}.`)));
}

const logFile = join(mkdtempSync(join(tmpdir(), 'vexa-demo-')), 'services.log');
const out = process.stdout;

try {
  console.log(`Starting both products (their logs: ${logFile})`);
  await using stack = await startStack({
    databaseUrl: process.env.DATABASE_URL,
    redisUrl: process.env.REDIS_URL,
    extraEnv: docker ? { 'bot-manager': botsInDocker(process.env.DOCKER_HOST) } : {},
    onProgress: (step) => console.log(`  starting ${step}`),
    onLine: (service, line) => appendFileSync(logFile, `${formatLogLine(service, line)}\n`),
    onDeath: (service, code) => stopped.reject(new Error(`${service} ended with exit code ${code}: see ${logFile}`)),
  });
  const script = await demoScript();
  const result = await Promise.race([runDemo(stack, script, out), stopped.promise]);
  console.log('\nThe finished transcript, served by the retailer from its own database:\n');
  printTranscript(result.transcript, out);
  const promises = judge(result, await whisperAlone(script));
  console.log('\nWhat this run showed:\n');
  printVerdict(promises, out);
  console.log(`
  meeting room        ${stack.urls.room}
  retailer API docs   ${stack.urls.retailer}/docs
  wholesaler API docs ${stack.urls.gateway}/docs`);
  process.exitCode = promises.every(({ held }) => held) ? 0 : 1;
  if (keep) {
    const user = await stack.retailerAdmin.createUser('you@example.com');
    console.log(`
Everything stays up until Ctrl-C. Open ${stack.urls.room}/my-room in a browser, join and talk; send the bot with
  curl -X POST ${stack.urls.retailer}/bots -H 'X-API-Key: ${user.key}' -H 'Content-Type: application/json' -d '{"platform":"local","native_meeting_id":"my-room"}'
and read along with
  curl ${stack.urls.retailer}/transcripts/local/my-room -H 'X-API-Key: ${user.key}'`);
    await stopped.promise.catch((error: Error) => console.log(`\n${error.message}`));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
