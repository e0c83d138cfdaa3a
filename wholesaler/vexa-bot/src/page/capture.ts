/// <reference lib="dom" />

interface Tapped {
  key: number;
  track: MediaStreamTrack;
  player: HTMLAudioElement;
  source: MediaStreamAudioSourceNode;
  tap: AudioWorkletNode;
}

interface CaptureOptions {
  sampleRate: number;
  chunkSamples: number;
  send: (message: string) => void;
}

const tapProcessor = `
registerProcessor('vexa-tap', class extends AudioWorkletProcessor {
  constructor({ processorOptions: { chunkSamples } }) {
    super();
    this.chunk = new Int16Array(chunkSamples);
    this.length = 0;
    this.done = false;
    this.port.onmessage = () => { this.done = true; };
  }
  process([input]) {
    const samples = input[0];
    const length = samples ? samples.length : globalThis.renderQuantumSize ?? 128;
    for (let i = 0; i < length; i += 1) {
      const sample = samples ? Math.max(-1, Math.min(1, samples[i])) : 0;
      this.chunk[this.length] = Math.round(sample * 32767);
      this.length += 1;
      if (this.length === this.chunk.length) this.flush();
    }
    return !this.done;
  }
  flush() {
    this.port.postMessage(this.chunk.slice());
    this.length = 0;
  }
});`;

/** Taps remote audio tracks as 16-bit mono and sends it chunk by chunk, each track under a number of its own. */
export class Capture {
  readonly #options: CaptureOptions;
  /** Also keeps the nodes alive: Chromium collects what nobody refers to, and the tap would fall silent. */
  readonly #tapped = new Map<MediaStreamTrack, Tapped>();
  #context: Promise<AudioContext> | undefined;
  #nextKey = 1;

  constructor(options: CaptureOptions) {
    this.#options = options;
  }

  async add(track: MediaStreamTrack): Promise<void> {
    const context = await this.#ready();
    if (this.#tapped.has(track) || track.readyState === 'ended') return;
    const stream = new MediaStream([track]);
    const player = new Audio();
    // Chromium decodes a remote track only while an element plays it.
    player.muted = true;
    player.srcObject = stream;
    player.play().catch((error: unknown) => this.#options.send(`trouble|a track does not play: ${error}`));
    const source = context.createMediaStreamSource(stream);
    const tap = new AudioWorkletNode(context, 'vexa-tap', {
      numberOfInputs: 1,
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
      processorOptions: { chunkSamples: this.#options.chunkSamples },
    });
    const key = this.#nextKey;
    this.#nextKey += 1;
    tap.port.onmessage = ({ data }: MessageEvent<Int16Array>) =>
      this.#options.send(`audio|${key}|${Date.now()}|${base64Of(data)}`);
    source.connect(tap);
    this.#tapped.set(track, { key, track, player, source, tap });
  }

  /** Numbers of the live tracks; taps of ended ones are taken off. */
  liveKeys(): number[] {
    for (const tapped of this.#tapped.values()) if (tapped.track.readyState === 'ended') this.#remove(tapped);
    return [...this.#tapped.values()].map(({ key }) => key);
  }

  /** Numbers of the tracks that a media element inside this element plays. */
  keysWithin(root: Element): number[] {
    const elements = [...root.querySelectorAll<HTMLMediaElement>('audio, video')];
    const tracks = elements.flatMap(({ srcObject }) =>
      srcObject instanceof MediaStream ? srcObject.getAudioTracks() : [],
    );
    return tracks.flatMap((track) => this.#tapped.get(track)?.key ?? []);
  }

  async #ready(): Promise<AudioContext> {
    this.#context ??= openContext(this.#options.sampleRate);
    return this.#context;
  }

  #remove({ track, player, source, tap }: Tapped): void {
    source.disconnect();
    tap.port.postMessage('done');
    tap.port.onmessage = null;
    player.srcObject = null;
    this.#tapped.delete(track);
  }
}

/** A few large pieces of work a second cost less than many small ones. Browsers that know no `renderSizeHint` take 128. */
const quantumSamples = 512;

async function openContext(sampleRate: number): Promise<AudioContext> {
  // Nothing is played, so no output device is opened for it.
  const options = { sampleRate, latencyHint: 'playback', sinkId: { type: 'none' }, renderSizeHint: quantumSamples };
  const context = new AudioContext(options as AudioContextOptions);
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([tapProcessor], { type: 'text/javascript' })));
  if (context.state === 'suspended') await context.resume();
  return context;
}

const base64Of = (samples: Int16Array): string =>
  btoa(String.fromCharCode(...new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength)));
