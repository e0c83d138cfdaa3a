// Stands where vexa-bot does: a process that reports, leaves when told, and misbehaves as its name says.
import { spawn } from 'node:child_process';
import { BotConfig } from '@vexa/shared/contracts/bot';

const config = BotConfig.parse(JSON.parse(process.env.BOT_CONFIG ?? '{}'));
console.log(`bot of meeting ${config.meeting_id}`);
if (config.botName === 'with-child') spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });

async function report(status: string, more: Record<string, unknown> = {}): Promise<void> {
  try {
    const response = await fetch(config.botManagerCallbackUrl, {
      method: 'POST',
      headers: { authorization: `Bearer ${config.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        connection_id: config.connectionId,
        status,
        timestamp: new Date().toISOString(),
        ...more,
      }),
    });
    const { command } = (await response.json()) as { command?: string };
    if (command === 'leave' && config.botName !== 'deaf' && config.botName !== 'immortal') await leave();
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50)); // the bot-manager is away; a report is repeated
    if (status !== 'heartbeat') await report(status, more);
  }
}

let leaving = false;
async function leave(): Promise<void> {
  if (leaving) return;
  leaving = true;
  await report('completed', { completion_reason: 'stopped', exit_code: 0 });
  process.exit(0);
}

process.on('SIGTERM', () => {
  if (config.botName !== 'immortal') void leave();
});
if (config.botName === 'broken') process.exit(3);
setInterval(() => void report('heartbeat'), 100);
await report('joining');
await report('active');
