/// <reference lib="dom" />

interface Tapped {
  key: number;
  track: MediaStreamTrack;
  source: MediaStreamAudioSourceNode;
  tap: AudioWorkletNode;
}

interface CaptureOptions {
  sampleRate: number;
  chunkSamples: number;
  send: (message: string) => void;
}

/**
 * The pieces of all tracks end at the same moments and leave as one message: passing a message on costs more than what is
 * in it. `vexa-post` comes after all taps in the graph, so it has what they just finished.
 */
const processors = `
const pieces = [];
registerProcessor('vexa-tap', class extends AudioWorkletProcessor {
  constructor({ processorOptions: { key, chunkSamples } }) {
    super();
    this.key = key;
    this.chunkSamples = chunkSamples;
    this.chunk = new Int16Array(2 * chunkSamples);
    this.length = 0;
    this.silent = true;
    this.done = false;
    this.port.onmessage = () => { this.done = true; };
  }
  process([input]) {
    const samples = input[0];
    const length = samples ? samples.length : globalThis.renderQuantumSize ?? 128;
    for (let i = 0; i < length; i += 1) {
      const sample = samples ? Math.max(-1, Math.min(1, samples[i])) : 0;
      this.chunk[this.length + i] = Math.round(sample * 32767);
      if (this.chunk[this.length + i] !== 0) this.silent = false;
    }
    this.length += length;
    const now = currentFrame;
    if (Math.floor((now + length) / this.chunkSamples) > Math.floor(now / this.chunkSamples)) this.flush();
    return !this.done;
  }
  flush() {
    const { key, length } = this;
    pieces.push(this.silent ? { key, length } : { key, samples: this.chunk.slice(0, length) });
    this.length = 0;
    this.silent = true;
  }
});
registerProcessor('vexa-post', class extends AudioWorkletProcessor {
  process() {
    if (pieces.length > 0) this.port.postMessage(pieces.splice(0));
    return true;
  }
});`;

/** Of one track. Digital silence is told by its length. */
type Piece = { key: number } & ({ samples: Int16Array<ArrayBuffer> } | { length: number });

interface Graph {
  context: AudioContext;
  /** Where all taps lead. */
  post: AudioWorkletNode;
}

/** Taps remote audio tracks as 16-bit mono and sends it chunk by chunk, each track under a number of its own. */
export class Capture {
  readonly #options: CaptureOptions;
  /** Also keeps the nodes alive: Chromium collects what nobody refers to, and the tap would fall silent. */
  readonly #tapped = new Map<MediaStreamTrack, Tapped>();
  /** Chromium decodes a remote track only while an element plays it; one element for all of them is enough. */
  readonly #player = new Audio();
  readonly #playing = new MediaStream();
  #graph: Promise<Graph> | undefined;
  #nextKey = 1;

  constructor(options: CaptureOptions) {
    this.#options = options;
  }

  async add(track: MediaStreamTrack): Promise<void> {
    const { context, post } = await this.#ready();
    if (this.#tapped.has(track) || track.readyState === 'ended') return;
    this.#play(track);
    const key = this.#nextKey;
    this.#nextKey += 1;
    const source = context.createMediaStreamSource(new MediaStream([track]));
    const tap = new AudioWorkletNode(context, 'vexa-tap', {
      numberOfInputs: 1,
      channelCount: 1,
      channelCountMode: 'explicit',
      processorOptions: { key, chunkSamples: this.#options.chunkSamples },
    });
    source.connect(tap).connect(post);
    this.#tapped.set(track, { key, track, source, tap });
  }

  /** Numbers of the live tracks; taps of ended ones are taken off. */
  liveKeys(): number[] {
    for (const tapped of this.#tapped.values()) if (tapped.track.readyState === 'ended') this.#remove(tapped);
    return this.#keys;
  }

  /** Numbers of the tracks that a media element inside this element plays. */
  keysWithin(root: Element): number[] {
    const elements = [...root.querySelectorAll<HTMLMediaElement>('audio, video')];
    const tracks = elements.flatMap(({ srcObject }) =>
      srcObject instanceof MediaStream ? srcObject.getAudioTracks() : [],
    );
    return tracks.flatMap((track) => this.#tapped.get(track)?.key ?? []);
  }

  get #keys(): number[] {
    return [...this.#tapped.values()].map(({ key }) => key);
  }

  #play(track: MediaStreamTrack): void {
    this.#playing.addTrack(track);
    if (this.#player.srcObject) return;
    this.#player.muted = true;
    this.#player.srcObject = this.#playing;
    this.#player.play().catch((error: unknown) => this.#options.send(`trouble|the tracks do not play: ${error}`));
  }

  async #ready(): Promise<Graph> {
    this.#graph ??= openGraph(this.#options.sampleRate, (pieces) => this.#tell(pieces));
    return this.#graph;
  }

  #tell(pieces: Piece[]): void {
    const keys = this.#keys;
    // A tap that is taken off may have had one more.
    const told = pieces.filter(({ key }) => keys.includes(key)).map(written);
    if (told.length > 0) this.#options.send(`audio|${Date.now()}|${told.join('|')}`);
  }

  #remove({ track, source, tap }: Tapped): void {
    source.disconnect();
    tap.disconnect();
    tap.port.postMessage('done');
    this.#playing.removeTrack(track);
    this.#tapped.delete(track);
  }
}

/**
 * A few large pieces of work a second cost less than many small ones; tracks hold ten hundredths of a second for whoever comes late.
 * Browsers that know no `renderSizeHint` take 128.
 */
const quantumSamples = 768;

async function openGraph(sampleRate: number, onPieces: (pieces: Piece[]) => void): Promise<Graph> {
  const options = {
    sampleRate,
    latencyHint: quantumSamples / sampleRate,
    renderSizeHint: quantumSamples,
    // Nothing is played, so no output device is opened for it.
    sinkId: { type: 'none' },
  };
  const context = new AudioContext(options as AudioContextOptions);
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([processors], { type: 'text/javascript' })));
  if (context.state === 'suspended') await context.resume();
  const post = new AudioWorkletNode(context, 'vexa-post', { numberOfInputs: 1, numberOfOutputs: 0 });
  post.port.onmessage = ({ data }: MessageEvent<Piece[]>) => onPieces(data);
  return { context, post };
}

const written = (piece: Piece): string =>
  'samples' in piece ? `${piece.key}=${base64Of(piece.samples)}` : `${piece.key}~${piece.length}`;

const base64Of = (samples: Int16Array<ArrayBuffer>): string => new Uint8Array(samples.buffer).toBase64();
