import { type BrowserContext, chromium } from 'playwright';

const launchTimeoutMs = 30_000;
const closeTimeoutMs = 5_000;

const flags = [
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  // Fewer processes: one bot has one page, so there is nothing to keep apart.
  '--in-process-gpu',
  '--no-zygote',
];

export interface BotBrowser extends AsyncDisposable {
  context: BrowserContext;
}

/** A browser of its own for one bot. Disposal takes 5 s at most; one that hangs is killed as this process exits. */
export async function launchBrowser(executablePath: string): Promise<BotBrowser> {
  const browser = await chromium.launch({
    executablePath,
    args: flags,
    timeout: launchTimeoutMs,
    // Signals are for the bot: it leaves the meeting first.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  // Pages with a strict policy refuse the audio worklet, which is made from a blob.
  const context = await browser.newContext({ bypassCSP: true, locale: 'en-US' });
  return {
    context,
    async [Symbol.asyncDispose]() {
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, closeTimeoutMs);
      await Promise.race([browser.close(), timeout.promise]);
      clearTimeout(timer);
    },
  };
}
