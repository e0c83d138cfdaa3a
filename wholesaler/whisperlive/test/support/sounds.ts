const rate = 16_000;

/** Numbers in [0, 1), the same at each run (mulberry32). */
export function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const render = (seconds: number, sample: (i: number, t: number) => number): Float32Array =>
  Float32Array.from({ length: Math.round(seconds * rate) }, (_, i) => sample(i, i / rate));

export function whiteNoise(seconds: number, level: number): Float32Array {
  const random = dice(1);
  return render(seconds, () => level * (2 * random() - 1));
}

/** Voss and McCartney's: each octave changes half as often as the one above. */
export function pinkNoise(seconds: number, level: number): Float32Array {
  const random = dice(2);
  const octaves = new Float64Array(16).map(() => 2 * random() - 1);
  return render(seconds, (i) => {
    const changing = 31 - Math.clz32(i & -i);
    if (i > 0 && changing < octaves.length) octaves[changing] = 2 * random() - 1;
    return (level * octaves.reduce((sum, value) => sum + value, 0)) / 4;
  });
}

/** Mains hum with its overtones. */
export const hum = (seconds: number, level: number): Float32Array =>
  render(seconds, (_, t) => level * [1, 2, 3, 5].reduce((sum, k) => sum + Math.sin(2 * Math.PI * 50 * k * t) / k, 0));

const chords = [
  [48, 64, 67, 72],
  [45, 60, 64, 69],
  [41, 57, 60, 65],
  [43, 59, 62, 67],
];
const frequency = (midi: number) => 440 * 2 ** ((midi - 69) / 12);

/** Four chords with a tune above them, plucked and decaying, and a beat of noise. */
export function music(seconds: number, level: number): Float32Array {
  const random = dice(3);
  const tune = Array.from({ length: 64 }, () => 72 + ([0, 2, 4, 7, 9][Math.floor(random() * 5)] ?? 0));
  const note = (midi: number, t: number, since: number) =>
    Math.exp(-2 * since) *
    [1, 2, 3, 4].reduce((sum, k) => sum + Math.sin(2 * Math.PI * frequency(midi) * k * t) / k ** 1.5, 0);
  return render(seconds, (_, t) => {
    const beat = t % 0.5;
    const chord = chords[Math.floor(t / 2) % chords.length] ?? [];
    const harmony = chord.reduce((sum, midi) => sum + note(midi, t, t % 2), 0);
    const melody = note(tune[Math.floor(t / 0.25) % tune.length] ?? 72, t, t % 0.25);
    const drum = (2 * random() - 1) * Math.exp(-40 * beat);
    return (level * (harmony / 4 + melody + drum)) / 3;
  });
}

/** Knocks and clicks at random times. */
export function clicks(seconds: number, level: number): Float32Array {
  const random = dice(4);
  let ringing = 0;
  return render(seconds, () => {
    if (random() < 3 / rate) ringing = level;
    ringing *= 0.995;
    return ringing * (2 * random() - 1);
  });
}

export function joined(...parts: Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
