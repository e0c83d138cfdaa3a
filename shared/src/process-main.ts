import { type Made, runService } from './service.ts';

/** The whole of a service's `main.ts`: builds it from the environment and runs it until a signal. */
export const main = (create: () => Made): Promise<void> =>
  runService(create, {
    onExit: (code) => process.exit(code),
    onSignal: (signal, handler) => {
      process.on(signal, handler);
      // Under a supervisor the ipc channel is the life line: when it breaks, there is nobody left to signal.
      if (signal === 'SIGTERM' && process.connected) process.once('disconnect', handler);
    },
  });
