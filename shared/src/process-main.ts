import type { Logger } from './logging.ts';
import { runService, type Service } from './service.ts';

/** The whole of a service's `main.ts`: builds it from the environment and runs it until a signal. */
export const main = (create: () => { service: Service; logger: Logger }): Promise<void> =>
  runService(create, {
    onExit: (code) => process.exit(code),
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      // Under a supervisor the ipc channel is the life line: when it breaks, there is nobody left to signal.
      if (signal === 'SIGTERM' && process.connected) process.once('disconnect', handler);
    },
  });
