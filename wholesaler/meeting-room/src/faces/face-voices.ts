/// <reference lib="dom" />

interface Voice {
  player: HTMLAudioElement;
  /** Undefined where the track is handed on as it came. */
  out: AudioNode | undefined;
  line: number | undefined;
  lastLoud: number;
}

const loud = 0.012;
const holdMs = 500;
const lineCounts: Record<string, number> = { switched: 3, mixed: 1 };
/** A line is given to whoever is heard to speak, and what was said until then has to be heard on it too. */
const switchDelayMs = 300;

/**
 * How the voices of a room reach the page, as a platform's server would send them: each on a track of its own (`own`),
 * on three tracks that go to whoever speaks (`switched`), or all on one (`mixed`). The room's own connections are made in
 * a frame of their own, so that the page has none but those that such a server would open to it.
 */
export class FaceVoices {
  readonly #kind: string;
  readonly #voices = new Map<string, Voice>();
  #behind: typeof globalThis | undefined;
  #context: AudioContext | undefined;
  #lines: MediaStreamAudioDestinationNode[] = [];

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** Fewer tracks to switch make a test of switching possible with fewer people. */
  async open(lines?: number): Promise<void> {
    const usual = lineCounts[this.#kind];
    if (!usual) return;
    const count = Math.min(lines ?? usual, usual);
    await allowAddresses();
    const frame = document.createElement('iframe');
    frame.hidden = true;
    document.body.append(frame);
    this.#behind = frame.contentWindow as unknown as typeof globalThis;
    const context = new AudioContext();
    this.#context = context;
    if (context.state === 'suspended') await context.resume();
    this.#lines = Array.from({ length: count }, () => context.createMediaStreamDestination());
    const server = new this.#behind.RTCPeerConnection();
    for (const { stream } of this.#lines) for (const track of stream.getAudioTracks()) server.addTrack(track, stream);
    const client = new RTCPeerConnection();
    await client.setRemoteDescription(await described(server, await server.createOffer()));
    await server.setRemoteDescription(await described(client, await client.createAnswer()));
  }

  createPeer(): RTCPeerConnection {
    return this.#behind ? new this.#behind.RTCPeerConnection() : new RTCPeerConnection();
  }

  add(id: string, track: MediaStreamTrack, tile: HTMLElement | undefined): void {
    this.drop(id);
    const stream = new MediaStream([track]);
    const player = document.createElement('audio');
    player.srcObject = stream;
    // Chromium decodes a remote track only while an element plays it.
    player.muted = this.#context !== undefined;
    player.play().catch((error: unknown) => console.warn('The audio of a participant does not play yet', error));
    if (!this.#context) tile?.append(player);
    const voice: Voice = { player, out: this.#delayed(stream), line: undefined, lastLoud: Number.NEGATIVE_INFINITY };
    this.#voices.set(id, voice);
    if (this.#kind === 'mixed') this.#connect(voice, 0);
  }

  drop(id: string): void {
    const voice = this.#voices.get(id);
    if (!voice) return;
    voice.out?.disconnect();
    voice.player.srcObject = null;
    voice.player.remove();
    this.#voices.delete(id);
  }

  /** Gives lines to those who speak, and says who does. */
  follow(levels: ReadonlyMap<string, number>): Set<string> {
    const now = performance.now();
    for (const [id, level] of levels) {
      const voice = this.#voices.get(id);
      if (voice && level > loud) voice.lastLoud = now;
    }
    const speaking = [...this.#voices].filter(([, { lastLoud }]) => now - lastLoud < holdMs);
    if (this.#kind === 'switched') {
      for (const [, voice] of speaking) if (voice.line === undefined) this.#giveLine(voice, now);
    }
    return new Set(speaking.map(([id]) => id));
  }

  #delayed(stream: MediaStream): AudioNode | undefined {
    const source = this.#context?.createMediaStreamSource(stream);
    if (!source || this.#kind !== 'switched') return source;
    const delay = new DelayNode(source.context, { delayTime: switchDelayMs / 1000, maxDelayTime: 1 });
    return source.connect(delay);
  }

  /** The line whose voice has been silent for longest. */
  #giveLine(voice: Voice, now: number): void {
    const users = this.#lines.map((_, line) => [...this.#voices.values()].find((other) => other.line === line));
    const silentFor = users.map((user) => (user ? now - user.lastLoud : Number.POSITIVE_INFINITY));
    const longest = Math.max(...silentFor);
    if (longest < holdMs) return;
    const line = silentFor.indexOf(longest);
    const former = users[line];
    former?.out?.disconnect();
    if (former) former.line = undefined;
    this.#connect(voice, line);
  }

  #connect(voice: Voice, line: number): void {
    const to = this.#lines[line];
    if (!to) return;
    voice.out?.connect(to);
    voice.line = line;
  }
}

/** Chromium hides its addresses, also from the page itself, until a microphone was allowed once. */
async function allowAddresses(): Promise<void> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
  } catch (error) {
    console.warn('Without a microphone the voices may not arrive', error);
  }
}

/** The description with every candidate in it. */
async function described(peer: RTCPeerConnection, description: RTCSessionDescriptionInit) {
  await peer.setLocalDescription(description);
  while (peer.iceGatheringState !== 'complete') {
    await new Promise((resolve) => peer.addEventListener('icegatheringstatechange', resolve, { once: true }));
  }
  if (!peer.localDescription) throw new Error('The connection has no description.');
  return peer.localDescription;
}
