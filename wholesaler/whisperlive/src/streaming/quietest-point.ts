import { audioSampleRate } from '@vexa/shared/contracts/audio';

const width = audioSampleRate / 10;
const hop = width / 4;

/** Middle of the quietest 100 ms in `audio` from sample `searchFrom` on: the place where a cut costs least. */
export function quietestPoint(audio: Float32Array, searchFrom: number): number {
  let best = searchFrom;
  let least = Number.POSITIVE_INFINITY;
  for (let start = searchFrom; start + width <= audio.length; start += hop) {
    let energy = 0;
    for (const sample of audio.subarray(start, start + width)) energy += sample * sample;
    if (energy >= least) continue;
    least = energy;
    best = start + width / 2;
  }
  return best;
}
