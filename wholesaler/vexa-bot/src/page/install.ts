/// <reference lib="dom" />
import { Capture } from './capture.ts';
import type { PageSettings } from './messages.ts';
import { readPeople } from './people.ts';
import { matchingProbes } from './probes.ts';

/** Runs before the page's own scripts: taps every remote audio track and reports what the page shows. */
export function install(settings: PageSettings): void {
  const post = (window as unknown as Record<string, (payload: string) => void>)[settings.binding];
  if (!post) return;
  const send = (message: string) => post(message);
  const capture = new Capture({ sampleRate: settings.sampleRate, chunkSamples: settings.chunkSamples, send });
  watchConnections((track) => {
    capture.add(track).catch((error: unknown) => send(`trouble|a track cannot be tapped: ${error}`));
  });
  holdStill();
  let last = '';
  const scan = () => {
    if (!document.body) return;
    const view = {
      signals: matchingProbes(settings.signals),
      people: readPeople(settings.tiles, settings.botName, capture),
      tracks: capture.liveKeys(),
    };
    const seen = JSON.stringify(view);
    if (seen !== last) send(`view|${JSON.stringify({ at: Date.now(), ...view })}`);
    last = seen;
  };
  watchPage(scan, settings.scanEveryMs);
}

/** Changes that are none of the document's, such as what an element plays, are seen this much later at most. */
const lookAgainMs = 500;

/** Looks after each change, though at most every so often: to read a page that stands still costs as much as to hear it. */
function watchPage(look: () => void, atMostEveryMs: number): void {
  let lookedAt = 0;
  let isDue = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lookIn = (ms: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isDue = false;
      lookedAt = performance.now();
      // Before the look: one that fails is not to be the last one.
      lookIn(lookAgainMs);
      look();
    }, ms);
  };
  const changed = () => {
    if (!isDue) lookIn(Math.max(0, lookedAt + atMostEveryMs - performance.now()));
    isDue = true;
  };
  const everything = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(changed).observe(document, everything);
  changed();
}

function watchConnections(onAudio: (track: MediaStreamTrack) => void): void {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener('track', ({ track, transceiver }) => {
        if (track.kind === 'audio') onAudio(track);
        // Nobody looks at the video, and decoding it costs more than everything else together.
        else transceiver.direction = 'inactive';
      });
    }
  };
}

/** Nobody looks: what moves on the page is drawn at its end at once, which its scripts are told as ever. */
function holdStill(): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`*, *::before, *::after {
    animation-duration: 1ms !important; animation-delay: 0s !important; animation-iteration-count: 1 !important;
    transition-duration: 1ms !important; transition-delay: 0s !important;
  }`);
  document.adoptedStyleSheets.push(sheet);
}
