import { findChromium } from '../../src/browser/find-chromium.ts';
import { type BotBrowser, type BrowserSettings, launchBrowser } from '../../src/browser/launch.ts';

/** A browser as a bot has it. */
export async function openTestBrowser(settings: Partial<BrowserSettings> = {}): Promise<BotBrowser> {
  const path = await findChromium({
    path: process.env.CHROMIUM_PATH,
    searchPath: process.env.PATH ?? '',
    headed: false,
  });
  return launchBrowser(path, { headed: false, flags: [], profileDir: undefined, proxy: undefined, ...settings });
}
