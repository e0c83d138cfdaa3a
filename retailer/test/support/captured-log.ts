import { createLogger, type Logger } from '@vexa/shared/logging';

/** A logger at its most talkative, whose lines can be read. */
export function captureLog(): { logger: Logger; text: () => string } {
  const lines: string[] = [];
  const logger = createLogger('test', 'trace', { write: (line) => void lines.push(line) });
  return { logger, text: () => lines.join('') };
}
