import { Command } from 'commander';
import { formatLogLine } from './stack/log-format.ts';
import { startStack } from './stack/stack.ts';

const program = new Command('npm run stack --')
  .description('Starts both products on this machine without Docker and streams their logs until Ctrl-C.')
  .option('--quiet', 'print no logs')
  .parse();
const { quiet } = program.opts<{ quiet?: boolean }>();

const ended = Promise.withResolvers<number>();
process.on('SIGINT', () => ended.resolve(0));
process.on('SIGTERM', () => ended.resolve(0));

try {
  await using stack = await startStack({
    databaseUrl: process.env.DATABASE_URL,
    redisUrl: process.env.REDIS_URL,
    onProgress: (step) => console.log(`starting ${step} …`),
    onLine: (service, line) => {
      if (!quiet) console.log(formatLogLine(service, line, { colour: process.stdout.isTTY }));
    },
    onDeath: (service, code) => {
      console.error(`${service} ended unexpectedly (exit code ${code}): stopping everything.`);
      ended.resolve(1);
    },
  });
  const user = await stack.retailerAdmin.createUser('you@example.com');
  console.log(`
Both products are running. Stop them with Ctrl-C.

  meeting room   ${stack.urls.room}
  retailer API   ${stack.urls.retailer}/docs      your key: ${user.key}
  wholesaler API ${stack.urls.gateway}/docs      system key: ${stack.systemKey}

Open a room with your browser, then send the bot:
  curl -X POST ${stack.urls.retailer}/bots -H 'X-API-Key: ${user.key}' -H 'Content-Type: application/json' \\
    -d '{"platform":"local","native_meeting_id":"my-room"}'
  curl ${stack.urls.retailer}/transcripts/local/my-room -H 'X-API-Key: ${user.key}'
`);
  process.exitCode = await ended.promise;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
