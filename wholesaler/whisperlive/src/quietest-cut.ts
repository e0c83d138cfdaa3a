const frame = 320;
const searchedFrames = 500;

/**
 * Where to end a clip of at most `most` samples (16 kHz): everything when it fits, otherwise the middle of the quietest
 * 20 ms in its last 10 s.
 */
export function quietestCut(audio: Float32Array, most: number): number {
  if (audio.length <= most) return audio.length;
  let best = most;
  let least = Number.POSITIVE_INFINITY;
  for (let start = Math.max(0, most - searchedFrames * frame); start + frame <= most; start += frame) {
    let energy = 0;
    for (const sample of audio.subarray(start, start + frame)) energy += sample * sample;
    if (energy >= least) continue;
    least = energy;
    best = start + frame / 2;
  }
  return best;
}
