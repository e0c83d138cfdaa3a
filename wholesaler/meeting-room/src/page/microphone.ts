/// <reference lib="dom" />

/** Why there is no microphone, in the user's words. */
export class MicrophoneError extends Error {}

/** The person's microphone: one track at a time, its level, and whether it is muted. */
export class Microphone {
  #track: MediaStreamTrack | undefined;
  #analyser: AnalyserNode | undefined;
  #context: AudioContext | undefined;
  #samples = new Float32Array(1_024);
  #muted = false;

  get track(): MediaStreamTrack | undefined {
    return this.#track;
  }

  get muted(): boolean {
    return this.#muted || !this.#track;
  }

  setMuted(muted: boolean): void {
    this.#muted = muted;
    if (this.#track) this.#track.enabled = !muted;
  }

  /** Opens a device, or the default one. Throws `MicrophoneError`. */
  async open(deviceId?: string): Promise<MediaStreamTrack> {
    if (!navigator.mediaDevices) {
      throw new MicrophoneError('The browser gives the microphone only to https pages and to localhost.');
    }
    const wishes = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const device = deviceId ? { deviceId: { exact: deviceId } } : {};
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { ...wishes, ...device } });
    } catch (error) {
      throw new MicrophoneError(reasonOf(error), { cause: error });
    }
    const [track] = stream.getAudioTracks();
    if (!track) throw new MicrophoneError('No microphone was found.');
    this.#track?.stop();
    this.#track = track;
    track.enabled = !this.#muted;
    this.#measure(stream);
    return track;
  }

  /** Loudness of this moment, 0 to 1. */
  level(): number {
    if (!this.#analyser || this.muted) return 0;
    void this.#context?.resume();
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const energy = this.#samples.reduce((sum, sample) => sum + sample * sample, 0) / this.#samples.length;
    return Math.sqrt(energy);
  }

  async devices(): Promise<MediaDeviceInfo[]> {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === 'audioinput');
  }

  close(): void {
    this.#track?.stop();
    this.#track = undefined;
    void this.#context?.close();
    this.#context = this.#analyser = undefined;
  }

  #measure(stream: MediaStream): void {
    this.#context ??= new AudioContext();
    this.#analyser?.disconnect();
    this.#analyser = new AnalyserNode(this.#context, { fftSize: 1_024 });
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
  }
}

function reasonOf(error: unknown): string {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError') return 'The microphone is blocked. You can listen, or allow it and reload the page.';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'No microphone was found. You can listen.';
  if (name === 'NotReadableError') return 'The microphone is in use by another program. You can listen.';
  return 'The microphone cannot be used. You can listen.';
}
