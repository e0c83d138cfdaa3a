import { type BrowserContext, chromium } from 'playwright';
import { lockProfile } from './lock-profile.ts';

const launchTimeoutMs = 30_000;
const closeTimeoutMs = 5_000;

// Chromium takes the last list of each kind alone, so these begin with what matters to a bot of Playwright's own.
const enabled = ['CDPScreenshotNewSurface', 'NetworkServiceInProcess2'];
const disabled = [
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsFirstBalancedModeAutoEnable',
  'HttpsUpgrades',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'AudioServiceOutOfProcess',
];

const flags = [
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
  // Fewer processes: one bot has one page, so there is nothing to keep apart.
  '--in-process-gpu',
  '--no-zygote',
  `--enable-features=${enabled}`,
  `--disable-features=${disabled}`,
];

export interface BotBrowser extends AsyncDisposable {
  context: BrowserContext;
}

export interface BrowserSettings {
  /** With a window, for people who want to watch. */
  headed: boolean;
  /** Beside those every bot has. */
  flags: string[];
  /** Profile of an account that is signed in; one bot at a time. */
  profileDir: string | undefined;
  /** Such as `http://user:password@proxy.example:3128`. */
  proxy: string | undefined;
}

/** A browser of its own for one bot. Disposal takes 5 s at most; one that hangs is killed as this process exits. */
export async function launchBrowser(executablePath: string, settings: BrowserSettings): Promise<BotBrowser> {
  const launch = {
    executablePath,
    args: [...flags, ...settings.flags],
    timeout: launchTimeoutMs,
    headless: !settings.headed,
    ...(settings.proxy && { proxy: proxyOf(settings.proxy) }),
    // Signals are for the bot: it leaves the meeting first.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  };
  // Pages with a strict policy refuse the audio worklet, which is made from a blob.
  const page = { bypassCSP: true, locale: 'en-US' };
  if (settings.profileDir) {
    await using stack = new AsyncDisposableStack();
    stack.use(await lockProfile(settings.profileDir));
    const context = await chromium.launchPersistentContext(settings.profileDir, { ...launch, ...page });
    stack.defer(() => atMost(closeTimeoutMs, context.close()));
    const owned = stack.move();
    return { context, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  }
  const browser = await chromium.launch(launch);
  const context = await browser.newContext(page);
  return { context, [Symbol.asyncDispose]: () => atMost(closeTimeoutMs, browser.close()) };
}

function proxyOf(link: string) {
  const { protocol, host, username, password } = new URL(link);
  const server = `${protocol}//${host}`;
  if (!username) return { server };
  return { server, username: decodeURIComponent(username), password: decodeURIComponent(password) };
}

async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, ms);
  await Promise.race([work, timeout.promise]);
  clearTimeout(timer);
}
