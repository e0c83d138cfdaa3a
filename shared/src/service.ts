import { ConfigError } from './config.ts';
import { errorFields, type Logger } from './logging.ts';

/** What every process of the product is made of: started once, disposed once. */
export interface Service extends AsyncDisposable {
  start(): Promise<Record<string, string>>;
}

export interface Made {
  service: Service;
  logger: Logger;
  /** What disposal may take on purpose, beyond the time that any service has for it. */
  drainMs?: number;
}

interface RunOptions {
  /** The process is ended by force when disposal takes longer. */
  shutdownDeadlineMs?: number;
  onExit: (code: number) => void;
  onSignal: (signal: 'SIGINT' | 'SIGTERM', handler: () => void) => void;
}

/**
 * Runs a service until SIGINT or SIGTERM. A bad configuration exits 2 with its list of problems, a failed
 * start exits 1, an orderly end exits 0.
 */
export async function runService(
  create: () => Made,
  { shutdownDeadlineMs = 30_000, onExit, onSignal }: RunOptions,
): Promise<void> {
  let made: Made;
  try {
    made = create();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return onExit(2);
  }
  const { service, logger, drainMs = 0 } = made;
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      logger.error('shutdown deadline passed');
      onExit(1);
    }, drainMs + shutdownDeadlineMs).unref();
    try {
      await service[Symbol.asyncDispose]();
      logger.info('stopped');
      onExit(code);
    } catch (error) {
      logger.error(errorFields(error), 'shutdown failed');
      onExit(1);
    }
  };
  onSignal('SIGTERM', () => void stop(0));
  onSignal('SIGINT', () => void stop(0));
  try {
    logger.info({ listening: await service.start() }, 'started');
  } catch (error) {
    logger.fatal(errorFields(error), 'start failed');
    await stop(1);
  }
}
