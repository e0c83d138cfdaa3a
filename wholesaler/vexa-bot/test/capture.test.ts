/// <reference lib="dom" />
import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Page } from 'playwright';
import { expect, test } from 'vitest';
import { isSound } from '../src/audio/loudness.ts';
import { type AudioChunk, type PageView, parsePageMessage } from '../src/page/messages.ts';
import { pageScript } from '../src/page/page-script.ts';
import { local } from '../src/recipes/local.ts';
import { perSignal } from '../src/recipes/recipe.ts';
import { openTestBrowser } from './support/open-browser.ts';

const chunkSamples = 1_536;
const url = 'http://localhost/call';

test('tracks are heard that the page does not play itself, also when new ones come after all had ended', async () => {
  await using browser = await openTestBrowser();
  const page = await browser.context.newPage();
  const messages: AudioChunk[][] = [];
  let view: PageView | undefined;
  await page.exposeFunction('report', (payload: string) => {
    const message = parsePageMessage(payload);
    if (message?.kind === 'audio') messages.push(message.chunks);
    else if (message?.kind === 'view') view = message.view;
    else throw new Error(payload);
  });
  const signals = perSignal(() => []);
  const reading = { binding: 'report', sampleRate: 16_000, chunkSamples, scanEveryMs: 100 };
  await page.addInitScript(pageScript({ ...reading, signals, tiles: local.tiles, botName: 'Vexa' }));
  await page.route(url, (route) => route.fulfill({ contentType: 'text/html', body: '<title>A call</title>' }));
  await page.goto(url);
  const heard = (track: number) => (chunk: AudioChunk) => chunk.track === track && isSound(chunk.samples);
  const isHeard = (track: number) => messages.some((chunks) => chunks.some(heard(track)));

  await call(page, 'first');
  await call(page, 'second');
  await waitFor('both at the same moment', () => messages.some((m) => m.some(heard(1)) && m.some(heard(2))));
  await page.evaluate(() => [...calls.keys()].map((name) => calls.get(name)?.end()));
  await waitFor('the end of both', () => view?.tracks.length === 0);
  await call(page, 'third');
  await waitFor('the new one', () => isHeard(3));
  messages.length = 0;
  await page.evaluate(() => calls.get('third')?.mute());
  const silent = await waitFor('digital silence', () =>
    messages.flat().find(({ samples }) => samples.every((sample) => sample === 0)),
  );

  expect(silent.samples).toHaveLength(chunkSamples);
  expect(messages.flat().every(({ track }) => track === 3)).toBe(true);
});

declare global {
  var calls: Map<string, { mute: () => void; end: () => void }>;
}

/** A tone from one end of a connection to the other, both of this page. */
async function call(page: Page, name: string): Promise<void> {
  await page.evaluate(async (name) => {
    const context = new AudioContext();
    const tone = new OscillatorNode(context, { frequency: 440 });
    const { stream } = tone.connect(new MediaStreamAudioDestinationNode(context)) as MediaStreamAudioDestinationNode;
    tone.start();
    const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
    near.onicecandidate = ({ candidate }) => void far.addIceCandidate(candidate ?? undefined);
    far.onicecandidate = ({ candidate }) => void near.addIceCandidate(candidate ?? undefined);
    const [track] = stream.getAudioTracks() as [MediaStreamTrack];
    near.addTrack(track, stream);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription as RTCSessionDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription as RTCSessionDescription);
    globalThis.calls ??= new Map();
    calls.set(name, {
      mute: () => {
        track.enabled = false;
      },
      end: () => {
        near.close();
        far.close();
      },
    });
  }, name);
}
