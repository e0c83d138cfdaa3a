import { existsSync } from 'node:fs';
import { createLogger } from '@vexa/shared/logging';
import { waitFor } from '@vexa/shared/testing/wait-for';
import { type Browser, chromium, type Page } from 'playwright';
import type { RoomLimits } from '../src/rooms/limits.ts';
import { createService } from '../src/service.ts';

const candidates = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM_PATH ?? candidates.find(existsSync);
  if (!executablePath) throw new Error('Chromium is missing: apt-get install chromium-headless-shell');
  const args = [
    '--no-sandbox',
    '--autoplay-policy=no-user-gesture-required',
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
  ];
  return chromium.launch({ executablePath, args });
}

export async function startRoom(limits: Partial<RoomLimits> = {}) {
  const service = createService(
    { http: { port: 0, host: '127.0.0.1' }, iceServers: [] },
    { logger: createLogger('meeting-room', 'silent'), limits },
  );
  const { url } = await service.start();
  return Object.assign(service, { url });
}

export interface CreatedRoom {
  room: string;
  url: string;
  host_url: string;
  host_key: string;
}

export async function createRoom(server: string, body: object = {}): Promise<CreatedRoom> {
  const response = await post(`${server}/api/rooms`, body);
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()) as CreatedRoom;
}

export const post = (url: string, body: object | string = {}, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Opens a room's page in a browser of its own and asks to join. */
export async function openAndJoin(browser: Browser, url: string, name: string): Promise<Page> {
  const context = await browser.newContext({ permissions: ['microphone'] });
  const page = await context.newPage();
  await page.addInitScript(keepSockets);
  await page.goto(url);
  await page.fill('#name', name);
  if (!url.includes('bot=1')) await page.waitForSelector('#microphone-choice:not([hidden])');
  await page.click('#join');
  return page;
}

/** Lets a test break the sockets of a page. */
function keepSockets(): void {
  const sockets: WebSocket[] = [];
  const Native = WebSocket;
  const Kept = class extends Native {
    constructor(url: string | URL) {
      super(url);
      sockets.push(this);
    }
  };
  Object.assign(globalThis, { sockets, WebSocket: Kept });
}

export const reached = (page: Page, state: string) => page.waitForSelector(`body[data-state="${state}"]`);

export const tile = (name: string) => `[data-participant-name="${name}"]`;

/** Resolves when audio of this participant, louder than silence, comes out of the tile's audio element. */
export async function hears(page: Page, name: string): Promise<void> {
  await waitFor(`${name} to be heard`, () =>
    page.evaluate(async (selector) => {
      const stream = document.querySelector<HTMLAudioElement>(`${selector} audio`)?.srcObject;
      if (!(stream instanceof MediaStream)) return false;
      const context = new AudioContext();
      const analyser = new AnalyserNode(context, { fftSize: 2048 });
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(2048);
      let loudest = 0;
      for (let look = 0; look < 12; look += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        analyser.getFloatTimeDomainData(samples);
        loudest = Math.max(loudest, ...samples.map(Math.abs));
      }
      await context.close();
      return loudest > 0.02;
    }, tile(name)),
  );
}
