import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { joinAsParticipant } from './scripted-participant.ts';
import { synthesise } from './voices.ts';

/** A bot hears a moment after others see it. */
const settlingMs = 3_000;

const usage = `Joins a room and speaks.
  node src/participant-cli.ts --room team-standup --name Ann --wav a.wav [--wav b.wav]
  --server  origin of the meeting room (default http://127.0.0.1:8090)
  --say     a text instead of a file, spoken by flite; may be given more than once
  --voice   slt or rms, for --say (default slt)
  --host    host key, skips the lobby
  --stay    stay for this many seconds after speaking (default 1)
  --wait-for-bot  speak once a bot is there (at most 5 minutes)
  --help    this text`;

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: 'http://127.0.0.1:8090' },
    room: { type: 'string' },
    name: { type: 'string' },
    wav: { type: 'string', multiple: true, default: [] },
    say: { type: 'string', multiple: true, default: [] },
    voice: { type: 'string', default: 'slt' },
    host: { type: 'string' },
    stay: { type: 'string', default: '1' },
    'wait-for-bot': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(usage);
  process.exit(0);
}
const staySeconds = Number(values.stay);
if (!values.room || !values.name || Number.isNaN(staySeconds)) {
  console.error(usage);
  process.exit(2);
}

const voice = values.voice === 'rms' ? 'rms' : 'slt';
const spoken = await Promise.all(values.say.map((text) => synthesise(text, voice)));
const participant = joinAsParticipant({
  server: values.server,
  room: values.room,
  name: values.name,
  ...(values.host ? { hostKey: values.host } : {}),
});
process.on('SIGINT', () => void participant.leave().then(() => process.exit(130)));
await participant.waitUntilAdmitted(300_000);
console.log(`${values.name} is in ${values.room}`);
if (values['wait-for-bot']) {
  console.log('waiting for a bot');
  await waitFor('a bot', () => participant.participants().some(({ kind }) => kind === 'bot'), { deadlineMs: 300_000 });
  await setTimeout(settlingMs);
}
for (const file of [...values.wav, ...spoken]) {
  const { startedAt, endedAt } = await participant.speak(file);
  console.log(`spoke ${file} for ${((endedAt - startedAt) / 1000).toFixed(1)} s`);
}
await setTimeout(staySeconds * 1000);
await participant.leave();
