import { ConfigError } from '@vexa/shared/config';
import { configFrom } from './config.ts';
import { conclusion, heading, stepLine } from './print-result.ts';
import { runLoad } from './run-load.ts';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

try {
  const config = configFrom(process.argv.slice(2), process.env);
  if (!config.json) say(heading('key' in config.target));
  const result = await runLoad(config, (step) => config.json || say(stepLine(step)));
  say(config.json ? JSON.stringify(result, null, 2) : conclusion(result));
  process.exitCode = result.capacity > 0 ? 0 : 1;
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
