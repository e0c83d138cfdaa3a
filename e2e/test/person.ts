import { existsSync } from 'node:fs';
import { chromium } from 'playwright';

export interface PersonInBrowser extends AsyncDisposable {
  /** The names on the tiles of the room page. */
  names(): Promise<string[]>;
}

const browserPaths = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

/** Joins a room as a person does: opens the page, types a name, clicks Join; their microphone plays `wav` in a loop. */
export async function openRoomInBrowser(url: string, name: string, wav: string): Promise<PersonInBrowser> {
  const executablePath = process.env.CHROMIUM_PATH ?? browserPaths.find((path) => existsSync(path));
  const browser = await chromium.launch({
    ...(executablePath ? { executablePath } : {}),
    headless: !process.env.HEADED,
    args: [
      '--no-sandbox',
      '--use-fake-ui-for-media-stream',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${wav}`,
      '--autoplay-policy=no-user-gesture-required',
    ],
  });
  const page = await browser.newPage();
  await page.goto(url);
  await page.fill('#name', name);
  await page.click('#join:text-is("Join")'); // the button's word once the microphone is ready
  await page.waitForSelector('body[data-state="in-meeting"]', { timeout: 20_000 });
  await page.waitForFunction('document.querySelectorAll("[data-participant-id]").length > 1', undefined, {
    timeout: 20_000,
  });
  return {
    names: () =>
      page.$$eval('[data-participant-id]', (tiles) =>
        tiles.map((tile) => tile.getAttribute('data-participant-name') ?? ''),
      ),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}
